use super::super::check::Verdict::{self, Advice, Bad, Good};
use super::*;

fn behaviour(pattern: &str, origin: &str) -> Behaviour {
    Behaviour {
        pattern: pattern.to_owned(),
        origin: origin.to_owned(),
        rewrites: false,
        compresses: true,
        plain_http: false,
        adds_headers: false,
        cache_policy: None,
        min_ttl: 0,
    }
}

/// A distribution that sends `static/*` to the bucket and everything else to an application.
fn found(origin_path: &str) -> Configuration {
    let origin = |id: &str, domain: &str, path: &str| {
        let [id, domain, path] = [id, domain, path].map(str::to_owned);
        Origin { id, domain, path }
    };
    let bucket = origin("bucket", "assets.s3.eu-central-1.amazonaws.com", origin_path);
    Configuration {
        enabled: true,
        origins: vec![bucket, origin("app", "app.example.com", "")],
        behaviours: vec![behaviour("/static/*", "bucket"), behaviour("*", "app")],
        errors: Vec::new(),
    }
}

/// What is said of a distribution: of the site below `prefix`, with an origin path and a base URL as they are set.
fn judged(found: Configuration, prefix: &str, origin_path: Option<&str>, base: Option<&str>) -> Vec<Check> {
    let layout = Layout::new(prefix, None);
    let base = base.map(|base| BaseUrl::parse(base).expect(base));
    let route = Route { origin_path: origin_path.map(str::to_owned), base: base.clone() };
    let place = Place { bucket: Some("assets"), layout: &layout, base: base.as_ref() };
    judge("E1", &route, &Ok(Some(found)), place)
}

/// Finds the check of that name whose verdict is not good, or the good one.
fn assert_says(checks: &[Check], what: &str, verdict: Verdict, found: &str, change: &str) {
    let named = format!("{what} E1");
    let check = checks.iter().find(|check| check.what == named && check.verdict == verdict);
    let check = check.unwrap_or_else(|| panic!("{named} is not {verdict:?}: {checks:?}"));
    let told = check.change.as_deref().unwrap_or_default();
    assert!(check.found.contains(found) && told.contains(change), "{check:?}: {found:?}, {change:?}");
}

#[test]
fn a_distribution_as_it_should_be() {
    let checks = judged(found(""), "static", None, Some("https://cdn.example.com/static/"));
    let names: Vec<&str> = checks.iter().map(|check| &*check.what).collect();
    let parts = ["distribution", "origin of", "compression of", "caching of", "HTTPS of", "errors of"];
    assert_eq!(names, parts.map(|part| format!("{part} E1")));
    assert!(checks.iter().all(|check| check.verdict == Good), "{checks:?}");
}

#[test]
fn a_distribution_that_is_not_there() {
    let layout = Layout::new("", None);
    let place = Place { bucket: None, layout: &layout, base: None };
    let gone = judge("E1", &Route::default(), &Ok(None), place);
    assert_says(&gone, "distribution", Bad, "no such distribution", "aws sts get-caller-identity");
    let denied = judge("E1", &Route::default(), &Err(CdnError::new("CloudFront E1", "access denied")), place);
    assert_says(&denied, "distribution", Advice, "access denied to cloudfront:GetDistributionConfig", "credentials");
    let silent = judge("E1", &Route::default(), &Err(CdnError::new("CloudFront E1", "no connection")), place);
    assert_says(&silent, "distribution", Advice, "GetDistributionConfig: no connection", "");
    let disabled = judged(Configuration { enabled: false, ..found("") }, "static", None, None);
    assert_says(&disabled, "distribution", Bad, "disabled", "enable");
}

#[test]
fn paths_that_fit_the_origin_and_others() {
    for (origin_path, prefix, set, base, verdict, says, change) in [
        ("", "static", None, None, Good, "at `/static/manifest.json`", ""),
        ("/site", "site/static", Some("/site"), None, Good, "at `/static/manifest.json`", ""),
        ("/site", "site/static", Some("/site"), Some("//cdn.example.com/static/"), Good, "leads to this bucket", ""),
        ("/site", "site/static", None, Some("/static/"), Good, "leads to this bucket", ""),
        ("/a", "static", None, None, Bad, "does not lie below the origin path `/a`", "publish below `/a/`"),
        ("", "static", Some("/a"), None, Bad, "does not lie below the origin path `/a`", "get-distribution --id E1"),
        ("", "site/static", None, Some("/static/"), Bad, "finds the manifest at `/site/static/", "leave `origin-path`"),
        ("/static", "static/static", None, Some("/static/static/"), Bad, "would be", "`origin-path = \"/static\"`"),
        ("", "site/static", Some("/site"), None, Bad, "`/static/manifest.json` would be", "leave `origin-path` of E1"),
        ("/s", "s/static/x", Some("/s"), Some("/static/"), Bad, "promises", "let `base-url` end in `/static/x/`"),
    ] {
        let checks = judged(found(origin_path), prefix, set, base);
        assert_says(&checks, "origin of", verdict, says, change);
    }
    let mut rewriting = found("");
    rewriting.behaviours[0].rewrites = true;
    let checks = judged(rewriting, "site/static", None, Some("/static/"));
    assert_says(&checks, "origin of", Advice, "a function can change paths", "");
}

#[test]
fn origins_that_are_the_bucket_and_others() {
    for (domain, verdict, says) in [
        ("assets.s3.amazonaws.com", Good, "leads to this bucket"),
        ("assets.s3.dualstack.eu-west-1.amazonaws.com", Good, "leads to this bucket"),
        ("assets.s3-website-eu-west-1.amazonaws.com", Good, "leads to this bucket"),
        ("assets.s3.cn-north-1.amazonaws.com.cn", Good, "leads to this bucket"),
        ("assets2.s3.amazonaws.com", Bad, "another bucket than `assets`"),
        ("assets.s3.old.s3.amazonaws.com", Bad, "another bucket than `assets`"),
        ("minio.example.com", Advice, "cannot be seen whether `minio.example.com`"),
    ] {
        let mut found = found("");
        found.origins[0].domain = domain.to_owned();
        let change = if verdict == Good { "" } else { "check `--cloudfront`" };
        assert_says(&judged(found, "static", None, None), "origin of", verdict, says, change);
    }
    // Nothing sends this site's paths to the bucket.
    let checks = judged(found(""), "assets", None, None);
    assert_says(&checks, "origin of", Advice, "`app.example.com`, to which `*` leads", "--base-url");
    let mut dangling = found("");
    dangling.origins.remove(0);
    assert_says(&judged(dangling, "static", None, None), "origin of", Advice, "no origin", "");
}

#[test]
fn errors_are_errors_and_soon_forgotten() {
    let error = |status, instead: Option<&str>, cached| {
        let instead = instead.map(str::to_owned);
        ErrorResponse { status, instead, cached }
    };
    for (errors, verdict, says, change) in [
        (vec![error(404, Some("404"), Some(10)), error(500, Some("200"), Some(300))], Good, "told as missing", ""),
        (
            vec![error(403, Some("200"), None), error(404, Some("200"), Some(0))],
            Bad,
            "403 and 404 are answered by a page with 200",
            "delete the custom error response for 403 and 404",
        ),
        (vec![error(404, None, Some(300))], Advice, "404 are cached for more than 10 s", "minimum TTL to 10"),
    ] {
        let checks = judged(Configuration { errors, ..found("") }, "static", None, None);
        assert_says(&checks, "errors of", verdict, says, change);
    }
}

#[test]
fn delivery_of_the_sites_own_paths() {
    let mut slow = found("");
    slow.behaviours[0] =
        Behaviour { compresses: false, plain_http: true, min_ttl: 3600, ..behaviour("static/*", "bucket") };
    let checks = judged(slow.clone(), "static", None, None);
    assert_says(&checks, "compression of", Advice, "not compressed", "automatically");
    assert_says(&checks, "caching of", Advice, "at least 3600 s", "minimum TTL to 0");
    assert_says(&checks, "HTTPS of", Advice, "plain HTTP", "redirect-to-https");
    slow.behaviours[0].cache_policy = Some(CACHING_DISABLED.to_owned());
    assert_says(&judged(slow.clone(), "static", None, None), "caching of", Advice, "nothing", "CachingOptimized");
    slow.behaviours[0].cache_policy = Some("other".to_owned());
    assert_says(&judged(slow, "static", None, None), "caching of", Good, "as its headers say", "");
}

#[test]
fn response_headers_count_where_the_site_is_served() {
    let layout = Layout::new("static", None);
    let place = Place { bucket: Some("assets"), layout: &layout, base: None };
    let mut found = found("");
    found.behaviours[1].adds_headers = true;
    assert!(!adds_headers(&Route::default(), &Ok(Some(found.clone())), place));
    found.behaviours[0].adds_headers = true;
    assert!(adds_headers(&Route::default(), &Ok(Some(found)), place));
    assert!(!adds_headers(&Route::default(), &Ok(None), place));
}
