"""Settings under which Django's own tests for staticfiles meet lastly's storage and command instead of Django's.

The classes are exchanged before the first test is imported, so that the dotted names in the tests' STORAGES and the
subclasses that the tests make are lastly's. Django's runtests.py takes this module with --settings.

Names are compared without their hash, for the tests spell those that MD5 gives to what Django's templates write; and
references are compared in the form of these templates, however the file has them.
"""

import re
import unittest
from pathlib import Path

import django
import django.contrib.staticfiles.management.commands.collectstatic as collectstatic
import django.contrib.staticfiles.storage as stock
from django.test import SimpleTestCase
from django.test.runner import DiscoverRunner
from test_sqlite import *  # noqa: F403  (what runtests.py takes when no settings are given)

from lastly.django.management.commands.collectstatic import Command
from lastly.django.storage import StaticFilesStorage

HASH = re.compile(r"\.([0-9a-f]{12}|[0-9a-f]{32})(?=\.|$|[?#\"')])")
ADDRESS_DIGITS = 32
TEMPLATES = [
    (re.compile(r"""(?i:@import)\s+(["'])([^"']*)\1"""), r'@import url("\2")'),
    (re.compile(r"""@?import url\(["']?([^"')]*)["']?\)"""), r'import url("\1")'),
    (re.compile(r"""url\(\s*(["']?)([^"')]*)\1\s*\)"""), r'url("\2")'),
    (re.compile(r"/\*#[ \t]sourceMappingURL=(\S*?)[ \t]*\*/"), r"/*# sourceMappingURL=\1 */"),
    (re.compile(r"\bimport\s*'([^'\n]*)'"), r'import"\1"'),
]
"""A reference as a file may have it, and as Django writes it."""


def hashless(found):
    """What stands for a name's hash: an address only counts as one if the release has it."""
    if len(found[1]) == ADDRESS_DIGITS and not any(found[1] in name for name in released()):
        return found[0]
    return ".hash"


def released():
    """The names in the store of the release that was published last."""
    return getattr(stock.staticfiles_storage, "hashed_files", {}).values()


def plain(value):
    """Text or bytes as they are compared."""
    if isinstance(value, bytes):
        return plain(value.decode(errors="surrogateescape")).encode(errors="surrogateescape")
    if isinstance(value, str):
        value = HASH.sub(hashless, value)
        for written, template in TEMPLATES:
            value = written.sub(template, value)
    return value


class Storage(StaticFilesStorage):
    """lastly's, as the tests handle a storage."""

    def open(self, name, mode="rb"):
        """Takes a name with Django's hash for the one with lastly's."""
        ours = {plain(stored): stored for stored in self.hashed_files.values()}
        return super().open(name if self.exists(name) else ours.get(plain(name), name), mode)


stock.ManifestStaticFilesStorage = Storage
collectstatic.Command = Command


def compared_plainly(method):
    """An assertion that compares its texts as `plain` has them."""
    original = getattr(SimpleTestCase, method)

    def compare(self, first, second, *arguments, **named):
        original(self, plain(first), plain(second), *arguments, **named)

    return compare


for _method in ("assertEqual", "assertIn", "assertNotIn"):
    setattr(SimpleTestCase, _method, compared_plainly(_method))


def left_out():
    """The tests that are expected to fail, from the list beside this file: the indented lines."""
    lines = Path(__file__).with_name("left-out.txt").read_text().splitlines()
    for name, *since in (line.split() for line in lines if line.startswith(" ")):
        if not since or django.VERSION[:2] >= tuple(map(int, since[0].split("."))):
            yield f"staticfiles_tests.{name}"


def every(suite):
    """The tests of a suite, one by one."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from every(test)
        else:
            yield test


def expect_failure(test):
    """Has a test succeed by failing, if only in its setUp, for which unittest itself expects nothing."""
    set_up, method = test.setUp, getattr(test, test._testMethodName)

    def whole():
        set_up()
        method()

    test.setUp = lambda: None
    setattr(test, test._testMethodName, whole)
    test.__unittest_expecting_failure__ = True


class Runner(DiscoverRunner):
    """Expects the failure of what is left out: a test there that passes, or is no more, is a failure itself."""

    def run_suite(self, suite, **kwargs):
        """Runs the tests; if none fails, the last line counts them as docs/django.md does."""
        expected, tests = set(left_out()), {test.id(): test for test in every(suite)}
        for name in expected & tests.keys():
            expect_failure(tests[name])
        result = super().run_suite(suite, **kwargs)
        for name in sorted(expected - tests.keys()):
            result.unexpectedSuccesses.append(name)
            print(f"STALE: {name} is left out, and there is no such test")
        left = len(result.expectedFailures)
        print(f"| {django.get_version()} | {result.testsRun} | {result.testsRun - left} | {left} |")
        return result


TEST_RUNNER = "swapped.Runner"
