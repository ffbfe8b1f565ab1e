"""Middleware for servers that follow a channel: a page names files of one release, also while the next one comes."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from lastly.django.storage import StaticFilesStorage

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


@sync_and_async_middleware
def one_release(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Answer]:
    """Has each request end with the manifest with which it began. Not for what a streaming response makes later."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            with _held():
                response: HttpResponseBase = await get_response(request)
                return response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        with _held():
            response: HttpResponseBase = get_response(request)
            return response

    return synchronous


def _held() -> contextlib.AbstractContextManager[None]:
    if isinstance(staticfiles_storage, StaticFilesStorage):
        return staticfiles_storage.current.held()
    return contextlib.nullcontext()
