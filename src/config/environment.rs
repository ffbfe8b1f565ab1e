//! The environment, read once, and what it says about settings.

use std::collections::BTreeMap;
use std::env::split_paths;
use std::ffi::OsString;
use std::path::Path;

use super::check;
use super::given::{Bad, Given, Origin};
use super::layer::{Layer, Retention};
use super::schema::{PREFIX, is_variable, nearest_variable};
use crate::event::Problem;

/// Environment variables by name. One that is set to nothing counts as not set, because build systems pass on what
/// they lack as empty.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The value of a variable; `None` also where it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str()
    }

    /// The path in a variable.
    pub fn path(&self, name: &str) -> Option<&Path> {
        self.0.get(name).map(Path::new)
    }

    /// Checks what the variables say, and that none that bears lastly's name is a misspelt one; paths are relative to
    /// `folder`.
    pub(super) fn layer(&self, folder: &Path, problems: &mut Vec<Problem>) -> Layer {
        let mut others = Vec::new();
        for name in self.0.keys().filter(|name| name.starts_with(PREFIX) && !is_variable(name)) {
            match nearest_variable(name) {
                Some(near) => {
                    let problem = Problem::error(format!("{name} sets nothing that lastly knows"));
                    problems.push(problem.hint(format!("did you mean {near}?")));
                }
                None => others.push(name.as_str()),
            }
        }
        if !others.is_empty() {
            // A container's platform makes variables of a service's name, as Kubernetes does of one called `lastly`.
            let message =
                format!("what begins with LASTLY_ is lastly's own, and it knows nothing of {}", others.join(", "));
            problems.push(Problem::warning(message));
        }
        let mut take = Take { environment: self, problems };
        Layer {
            store: take.text("LASTLY_STORE", |text| check::store(text, folder)),
            control: take.text("LASTLY_CONTROL", check::control),
            base_url: take.text("LASTLY_BASE_URL", check::base_url),
            channel: take.text("LASTLY_CHANNEL", check::channel),
            cloudfront: take.list("LASTLY_CLOUDFRONT", ',', check::distribution),
            purge: take.list("LASTLY_PURGE", ',', check::purge),
            sources: take.paths("LASTLY_SOURCES", |path| check::folder(path, folder)),
            ignore: take.list("LASTLY_IGNORE", '\n', check::pattern),
            overlay: take.text("LASTLY_OVERLAY", check::truth),
            gc: Retention::default(),
            bundler_manifests: None,
            rules: None,
            source_maps: take.text("LASTLY_SOURCE_MAPS", check::source_maps),
            generation: take.text("LASTLY_GENERATION", check::number),
            urls: take.list("LASTLY_URLS", ',', check::base_url),
            strict: take.text("LASTLY_STRICT", check::truth),
            missing: None,
            integrity: take.text("LASTLY_INTEGRITY", check::truth),
            import_map: take.text("LASTLY_IMPORT_MAP", check::import_map),
            concurrency: take.text("LASTLY_CONCURRENCY", |text| check::concurrency(check::number(text)?)),
            path_style: take.text("LASTLY_PATH_STYLE", check::truth),
        }
    }
}

impl<N: Into<String>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(variables.filter(|(_, value)| !value.is_empty()).collect())
    }
}

/// Takes one variable after the other.
struct Take<'a> {
    environment: &'a Environment,
    problems: &'a mut Vec<Problem>,
}

impl Take<'_> {
    fn text<T>(&mut self, name: &'static str, check: impl Fn(&str) -> Result<T, Bad>) -> Option<Given<T>> {
        let text = self.environment.0.get(name)?.to_str().ok_or_else(|| Bad::new("its value is not UTF-8"));
        Origin::Variable(name).give(text.and_then(check), self.problems)
    }

    /// Parts, each checked by itself.
    fn parts<P, T>(
        &mut self,
        name: &'static str,
        parts: impl IntoIterator<Item = P>,
        check: impl Fn(P) -> Result<T, Bad>,
    ) -> Given<Vec<T>> {
        let origin = Origin::Variable(name);
        let taken = parts.into_iter().filter_map(|part| origin.clone().give(check(part), self.problems));
        Given { value: taken.map(|given| given.value).collect(), origin: origin.clone() }
    }

    /// Parts without the space around them; empty ones are passed over.
    fn list<T>(
        &mut self,
        name: &'static str,
        separator: char,
        check: impl Fn(&str) -> Result<T, Bad>,
    ) -> Option<Given<Vec<T>>> {
        let text = self.text(name, |text| Ok(text.to_owned()))?.value;
        let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
        Some(self.parts(name, parts, check))
    }

    /// Paths, separated as in `PATH`.
    fn paths<T>(&mut self, name: &'static str, check: impl Fn(&Path) -> Result<T, Bad>) -> Option<Given<Vec<T>>> {
        let paths = split_paths(self.environment.0.get(name)?);
        Some(self.parts(name, paths, |path| check(&path)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::settings::StoreAddress;
    use super::*;
    use crate::prepare::references::ImportMaps;
    use crate::prepare::rules::SourceMaps;

    fn layer(variables: &[(&str, &str)]) -> (Layer, Vec<String>) {
        let mut problems = Vec::new();
        let environment: Environment = variables.iter().copied().collect();
        let layer = environment.layer(Path::new("/site"), &mut problems);
        let told = |problem: Problem| format!("{} ({})", problem.message, problem.hint.unwrap_or_default());
        (layer, problems.into_iter().map(told).collect())
    }

    #[test]
    fn everything_that_variables_can_say() {
        let (layer, problems) = layer(&[
            ("LASTLY_STORE", "dir:out"),
            ("LASTLY_CONTROL", "private"),
            ("LASTLY_BASE_URL", "/static"),
            ("LASTLY_CHANNEL", "preview"),
            ("LASTLY_SOURCES", "dist:/more"),
            ("LASTLY_IGNORE", "*.psd\n\n  a,b\n"),
            ("LASTLY_OVERLAY", "1"),
            ("LASTLY_SOURCE_MAPS", "exclude"),
            ("LASTLY_GENERATION", "3"),
            ("LASTLY_URLS", "/static"),
            ("LASTLY_STRICT", "true"),
            ("LASTLY_INTEGRITY", "1"),
            ("LASTLY_IMPORT_MAP", "publish"),
            ("LASTLY_CONCURRENCY", "8"),
            ("LASTLY_PATH_STYLE", "false"),
            ("LASTLY_PURGE", "http://a, http://b"),
            ("LASTLY_CLOUDFRONT", "E1,E2:/static,"),
        ]);
        fn given<T>(name: &'static str, value: T) -> Option<Given<T>> {
            Some(Given { value, origin: Origin::Variable(name) })
        }
        let distribution = |text| check::distribution(text).expect("a distribution");
        let expected = Layer {
            store: given("LASTLY_STORE", StoreAddress::Directory("/site/out".into())),
            control: given("LASTLY_CONTROL", "private/".to_owned()),
            base_url: given("LASTLY_BASE_URL", "/static/".to_owned()),
            channel: given("LASTLY_CHANNEL", check::channel("preview").expect("a channel")),
            sources: given("LASTLY_SOURCES", vec![PathBuf::from("/site/dist"), PathBuf::from("/more")]),
            ignore: given("LASTLY_IGNORE", vec!["*.psd".to_owned(), "a,b".to_owned()]),
            overlay: given("LASTLY_OVERLAY", true),
            source_maps: given("LASTLY_SOURCE_MAPS", SourceMaps::Exclude),
            generation: given("LASTLY_GENERATION", 3),
            urls: given("LASTLY_URLS", vec!["/static/".to_owned()]),
            strict: given("LASTLY_STRICT", true),
            missing: None,
            integrity: given("LASTLY_INTEGRITY", true),
            import_map: given("LASTLY_IMPORT_MAP", ImportMaps::Publish),
            concurrency: given("LASTLY_CONCURRENCY", 8),
            path_style: given("LASTLY_PATH_STYLE", false),
            purge: given("LASTLY_PURGE", vec!["http://a".to_owned(), "http://b".to_owned()]),
            cloudfront: given("LASTLY_CLOUDFRONT", vec![distribution("E1"), distribution("E2:/static")]),
            gc: Retention::default(),
            bundler_manifests: None,
            rules: None,
        };
        assert_eq!((layer, problems), (expected, Vec::new()));
    }

    #[test]
    fn every_mistake_is_told() {
        let (_, problems) = layer(&[
            ("LASTLY_BASEURL", "/"),
            ("LASTLY_FOO", "secret"),
            ("LASTLY_VERSION", "1"),
            ("LASTLY_SERVICE_HOST", "10.0.0.1"),
            ("LASTLY_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("LASTLY_CLOUDFRONT", "e1, E2, e3"),
            ("LASTLY_GENERATION", "one"),
            ("LASTLY_OVERLAY", "ture"),
            ("LASTLY_SOURCES", "~/a::b"),
        ]);
        insta::assert_snapshot!(problems.join("\n"), @r"
        LASTLY_BASEURL sets nothing that lastly knows (did you mean LASTLY_BASE_URL?)
        what begins with LASTLY_ is lastly's own, and it knows nothing of LASTLY_FOO, LASTLY_PORT_80_TCP, LASTLY_SERVICE_HOST, LASTLY_VERSION ()
        LASTLY_CLOUDFRONT: `e1` is not the id of a distribution (capital letters and digits, as in `E2QWRUHAPOMQZL`: not the domain name and not the ARN)
        LASTLY_CLOUDFRONT: `e3` is not the id of a distribution (capital letters and digits, as in `E2QWRUHAPOMQZL`: not the domain name and not the ARN)
        LASTLY_SOURCES: `~/a` begins with `~`, which only a shell replaces (write the path of the home folder out)
        LASTLY_SOURCES: the path of a folder is empty (`.` is the folder itself)
        LASTLY_OVERLAY: `ture` is none of `true`, `false`, `1`, `0` (did you mean `true`?)
        LASTLY_GENERATION: `one` is not a whole number ()
        ");
    }

    #[test]
    fn what_is_empty_or_none_of_ours_says_nothing() {
        let variables =
            [("LASTLY_STORE", ""), ("LASTLY_FOO", ""), ("LASTLY_TEST_S3", "1"), ("LASTLY_BYPASS", "1"), ("HOME", "/x")];
        assert_eq!(layer(&variables), (Layer::default(), Vec::new()));
        let environment: Environment = variables.into_iter().collect();
        assert_eq!((environment.text("LASTLY_STORE"), environment.text("HOME")), (None, Some("/x")));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text() {
        use std::os::unix::ffi::OsStringExt;
        let latin = || OsString::from_vec(b"d\xe9".to_vec());
        let environment = Environment::from_iter([("LASTLY_STORE", latin()), ("LASTLY_SOURCES", latin())]);
        let mut problems = Vec::new();
        let layer = environment.layer(Path::new("/site"), &mut problems);
        assert_eq!(problems, [Problem::error("LASTLY_STORE: its value is not UTF-8")]);
        assert_eq!(layer.sources.map(|given| given.value), Some(vec![Path::new("/site").join(latin())]));
    }
}
