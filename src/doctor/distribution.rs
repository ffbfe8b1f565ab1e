//! What a distribution's configuration means for a site. Pure.

use super::check::Check;
use super::findings::matches;
use crate::cdn::CdnError;
use crate::cdn::cloudfront::{Behaviour, Configuration, ErrorResponse, Origin};
use crate::cdn::path::{BaseUrl, Route};
use crate::model::layout::{ChannelName, Layout, Name};

/// Seconds for which CloudFront caches errors by itself; a missing asset comes into being with the next publish.
const ERROR_TTL: i64 = 10;
/// The managed cache policy that caches nothing.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";

/// A site as its distributions should know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The bucket's name, where the store is one.
    pub(super) bucket: Option<&'a str>,
    pub(super) layout: &'a Layout,
    pub(super) base: Option<&'a BaseUrl>,
}

/// Judges one distribution, by what CloudFront says of it.
pub(super) fn judge(
    id: &str,
    route: &Route,
    answer: &Result<Option<Configuration>, CdnError>,
    place: Place<'_>,
) -> Vec<Check> {
    let what = format!("distribution {id}");
    let found = match answer {
        Err(error) => return vec![Check::unseen(what, "cloudfront:GetDistributionConfig", &error.reason)],
        Ok(None) => {
            let change = "check its id, and of which account the credentials are: `aws sts get-caller-identity`";
            return vec![Check::bad(what, "there is no such distribution").change(change)];
        }
        Ok(Some(found)) => found,
    };
    let enabled = if found.enabled {
        Check::good(what, "it is there and enabled")
    } else {
        Check::bad(what, "it is disabled: visitors get nothing").change("enable it in the CloudFront console")
    };
    let mut checks = vec![enabled];
    match paths(route, place) {
        Ok(paths) => {
            let behaviour = found.behaviours.iter().find(|behaviour| serves(behaviour, &paths));
            checks.extend(behaviour.map(|behaviour| origin(id, found, behaviour, &paths, place)));
            checks.extend(behaviour.into_iter().flat_map(|behaviour| delivery(id, behaviour)));
        }
        Err(why) => {
            let change = format!("give {id} the `origin-path` that `aws cloudfront get-distribution --id {id}` shows");
            checks.push(Check::bad(format!("origin of {id}"), why).change(change));
        }
    }
    checks.extend(errors(id, found));
    checks
}

/// Whether a distribution adds response headers to the site's objects.
pub(super) fn adds_headers(route: &Route, answer: &Result<Option<Configuration>, CdnError>, place: Place<'_>) -> bool {
    let (Ok(Some(found)), Ok(paths)) = (answer, paths(route, place)) else { return false };
    found.behaviours.iter().find(|behaviour| serves(behaviour, &paths)).is_some_and(|serving| serving.adds_headers)
}

/// The manifest's paths.
struct Paths {
    /// As it is invalidated.
    invalidated: String,
    /// As the base URL tells visitors, where there is one.
    public: Option<String>,
}

fn paths(route: &Route, place: Place<'_>) -> Result<Paths, String> {
    let name = Name::manifest(&ChannelName::live());
    let path = |route: &Route| route.invalidation_path(&place.layout.key(&name), &name).map_err(|why| why.to_string());
    let public = place.base.map(|base| path(&Route { origin_path: None, base: Some(base.clone()) })).transpose()?;
    Ok(Paths { invalidated: path(route)?, public })
}

fn serves(behaviour: &Behaviour, paths: &Paths) -> bool {
    let path = paths.public.as_ref().unwrap_or(&paths.invalidated);
    matches(behaviour.pattern.trim_start_matches('/'), path.trim_start_matches('/'))
}

fn origin(id: &str, found: &Configuration, behaviour: &Behaviour, paths: &Paths, place: Place<'_>) -> Check {
    let what = format!("origin of {id}");
    let pattern = &behaviour.pattern;
    let Some(origin) = found.origins.iter().find(|origin| origin.id == behaviour.origin) else {
        return Check::advice(what, format!("`{pattern}` leads to no origin that could be looked at"));
    };
    let domain = &origin.domain;
    match place.bucket {
        Some(bucket) if is_bucket(domain, bucket) => {}
        Some(bucket) if domain.contains(".s3") && domain.contains(".amazonaws.com") => {
            let found = format!("`{pattern}` leads to another bucket than `{bucket}`: `{domain}`");
            return Check::bad(what, found).change("check `--cloudfront` and `--store`, or the origin's domain name");
        }
        _ => {
            let found = format!("it cannot be seen whether `{domain}`, to which `{pattern}` leads, is this store");
            return Check::advice(what, found).change("if it is not, check `--cloudfront` and `--base-url`");
        }
    }
    let by_origin = Route { origin_path: Some(origin.path.clone()), base: None };
    let right = match self::paths(&by_origin, Place { base: None, ..place }) {
        Ok(right) => right.invalidated,
        Err(why) => {
            let change = format!("change the origin path of {id}, or publish below `{}/`", origin.path);
            return Check::bad(what, why).change(change);
        }
    };
    let public = paths.public.as_ref().unwrap_or(&right);
    if paths.invalidated == right && *public == right {
        Check::good(what, format!("`{pattern}` leads to this bucket, and the manifest is at `{right}`"))
    } else if behaviour.rewrites {
        let found = format!("a function can change paths, so it cannot be seen whether they lead to `{right}`");
        Check::advice(what, found)
    } else if paths.invalidated == right {
        let found = format!("the base URL promises the manifest at `{public}`, but CloudFront finds it at `{right}`");
        let base = right.trim_end_matches(Name::manifest(&ChannelName::live()).as_str());
        Check::bad(what, found).change(format!("let `base-url` end in `{base}`"))
    } else {
        let invalidated = &paths.invalidated;
        let found = format!("`{invalidated}` would be invalidated, but CloudFront finds the manifest at `{right}`");
        Check::bad(what, found).change(fitting(id, origin))
    }
}

fn fitting(id: &str, origin: &Origin) -> String {
    match &*origin.path {
        "" => format!("leave `origin-path` of {id} out, and let `base-url` end in the prefix"),
        path => format!("set `origin-path = \"{path}\"` for {id}, below `[[cloudfront]]` in lastly.toml"),
    }
}

/// Whether a host of Amazon's is this bucket.
fn is_bucket(domain: &str, bucket: &str) -> bool {
    let host = domain.strip_prefix(bucket).and_then(|rest| rest.strip_prefix(".s3"));
    host.is_some_and(|rest| rest.starts_with(['.', '-']) && rest.contains(".amazonaws.com") && !rest.contains(".s3"))
}

fn errors(id: &str, found: &Configuration) -> Vec<Check> {
    let what = format!("errors of {id}");
    let own: Vec<_> = found.errors.iter().filter(|error| [403, 404].contains(&error.status)).collect();
    let named = |wanted: fn(&ErrorResponse) -> bool| {
        let named: Vec<String> =
            own.iter().filter(|error| wanted(error)).map(|error| error.status.to_string()).collect();
        (!named.is_empty()).then(|| named.join(" and "))
    };
    let hidden = named(|error| error.instead.as_ref().is_some_and(|status| status.starts_with('2')));
    let hidden = hidden.map(|statuses| {
        let found = format!(
            "errors with {statuses} are answered by a page with 200, so a missing asset is cached as that page"
        );
        let instead = "to let one page answer many paths, use a CloudFront function instead";
        Check::bad(&*what, found).change(format!("delete the custom error response for {statuses}; {instead}"))
    });
    let lasting = named(|error| error.cached.is_some_and(|seconds| seconds > ERROR_TTL));
    let lasting = lasting.map(|statuses| {
        let found = format!("errors with {statuses} are cached for more than {ERROR_TTL} s");
        Check::advice(&*what, found).change(format!("set their error caching minimum TTL to {ERROR_TTL} or less"))
    });
    let checks: Vec<Check> = hidden.into_iter().chain(lasting).collect();
    if checks.is_empty() {
        vec![Check::good(what, "what is missing is told as missing, and not for long")]
    } else {
        checks
    }
}

fn delivery(id: &str, behaviour: &Behaviour) -> Vec<Check> {
    let pattern = &behaviour.pattern;
    let compression = format!("compression of {id}");
    let compression = if behaviour.compresses {
        Check::good(compression, format!("`{pattern}` is compressed"))
    } else {
        let change = format!("switch \"compress objects automatically\" on for `{pattern}`");
        Check::advice(compression, format!("`{pattern}` is not compressed")).change(change)
    };
    let caching = format!("caching of {id}");
    let caching = match &behaviour.cache_policy {
        Some(policy) if policy == CACHING_DISABLED => {
            let change = format!("give `{pattern}` the cache policy CachingOptimized");
            Check::advice(caching, format!("nothing of `{pattern}` is cached")).change(change)
        }
        None if behaviour.min_ttl > ERROR_TTL => {
            let found =
                format!("`{pattern}` is cached for at least {} s, also pages that say no-cache", behaviour.min_ttl);
            Check::advice(caching, found).change("set its minimum TTL to 0, or use the cache policy CachingOptimized")
        }
        _ => Check::good(caching, format!("`{pattern}` is cached as its headers say")),
    };
    let https = format!("HTTPS of {id}");
    let https = if behaviour.plain_http {
        let change = format!("set the viewer protocol policy of `{pattern}` to redirect-to-https");
        Check::advice(https, format!("`{pattern}` is served over plain HTTP too")).change(change)
    } else {
        Check::good(https, format!("`{pattern}` is served over HTTPS only"))
    };
    vec![compression, caching, https]
}

#[cfg(test)]
mod tests;
