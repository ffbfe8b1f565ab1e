//! Addresses taken again, of files that refer to one another.

use lastly::prepare::references::References;
use lastly::prepare::report::Missing;
use lastly::publish::Order as Publish;
use lastly::verify::{Deep, Order, What};

use super::{deeply, entry, run, tamper, told};
use crate::support::{Fixture, Tree, order};

/// Three modules in a ring, of which one refers to an image besides; the same ring once more in another folder; and a
/// script with its source map, which name each other.
fn ring() -> Tree {
    let (a, b) =
        ("import './b.js';\nexport const icon = new URL('../x.png', import.meta.url);\n", "import './c.js';\n");
    Tree::new(&[
        ("one/a.js", a),
        ("one/b.js", b),
        ("one/c.js", "export * from './a.js'; import('./b.js');\n"),
        ("two/a.js", a),
        ("two/b.js", b),
        ("two/c.js", "export * from './a.js'; import('./b.js');\n"),
        ("x.png", "png"),
        ("self.js", "new Worker(new URL('./self.js', import.meta.url));\n"),
        ("style.css", "@import 'other.css';\na{background:url(x.png)}\n"),
        ("other.css", "@import \"style.css\";\n"),
        ("index.html", "<script type=module src=one/a.js></script>"),
    ])
}

#[tokio::test]
async fn circles_have_the_addresses_that_their_bytes_give() {
    let fixture = Fixture::new();
    let id = fixture.publish(&ring()).await.release;
    let (_, one) = entry(&fixture, id, "one/a.js").await;
    assert!(one.origin.circle.is_some());
    let verified = run(&fixture, &deeply()).await;
    assert_eq!(told(&verified), [], "{:?}", verified.findings);
    assert_eq!((verified.circles, verified.unchecked), (9, 0));
}

#[tokio::test]
async fn a_member_that_was_altered_is_found() {
    let fixture = Fixture::new();
    let id = fixture.publish(&ring()).await.release;
    let (key, _) = entry(&fixture, id, "one/b.js").await;
    let there = fixture.inspected().get(&key).await.expect("it is there").bytes;
    let altered = String::from_utf8(there.to_vec()).expect("text").replace(";\n", ";;");
    tamper(&*fixture.store, &key, altered.as_bytes()).await;
    let verified = run(&fixture, &deeply()).await;
    assert_eq!(told(&verified), [(What::Integrity, key.to_string())]);
    assert_eq!((verified.circles, verified.unchecked), (3, 6), "the ring's other members cannot be judged");
}

/// Files that have no integrity value are judged by their circle alone.
#[tokio::test]
async fn a_circle_without_integrity_values_is_judged_as_a_whole() {
    let fixture = Fixture::new();
    let tree = Tree::new(&[
        ("a.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"b.svg\"/></svg>"),
        ("b.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"a.svg\"/></svg>"),
    ]);
    let id = fixture.publish(&tree).await.release;
    let whole = run(&fixture, &deeply()).await;
    assert_eq!((told(&whole), whole.circles), (Vec::new(), 2));
    let ((first, _), (key, _)) = (entry(&fixture, id, "a.svg").await, entry(&fixture, id, "b.svg").await);
    let there = fixture.inspected().get(&key).await.expect("it is there").bytes;
    let text = String::from_utf8(there.to_vec()).expect("text");
    for altered in [text.replace("<image", "<imagf"), text.replace("href=", "hxef=")] {
        tamper(&*fixture.store, &key, altered.as_bytes()).await;
        let verified = run(&fixture, &deeply()).await;
        assert_eq!(told(&verified), [(What::Circle, first.to_string())], "{altered}");
        assert!(verified.findings[0].found.contains(key.as_str()), "{}", verified.findings[0].found);
    }
}

#[tokio::test]
async fn circles_of_other_settings_are_not_compared() {
    let fixture = Fixture::new();
    fixture.publish(&ring()).await;
    let urls = ["https://cdn.example.com/static/".to_owned()];
    let references = References::new(&urls, &Missing::default()).expect("no globs");
    let elsewhere = Order { deep: Some(Deep { references: references.clone(), generation: 0 }), ..deeply() };
    let verified = run(&fixture, &elsewhere).await;
    assert_eq!((told(&verified), verified.circles, verified.unchecked), (Vec::new(), 0, 9));

    let absolute =
        Tree::new(&[("a.js", "import 'https://cdn.example.com/static/b.js';\n"), ("b.js", "import './a.js';\n")]);
    let publishing = Publish { references, generation: 7, ..order(&absolute) };
    let id = fixture.try_publish(&publishing).await.expect("a publish").release;
    let of = Order { releases: vec![id.to_string()], ..elsewhere };
    let verified = run(&fixture, &of).await;
    assert_eq!((told(&verified), verified.circles), (Vec::new(), 2), "{:?}", verified.findings);
}
