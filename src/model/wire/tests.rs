use super::*;

#[test]
fn a_condemned_list_reads_back_as_written() {
    let pair = |key: &str, version: &str| CondemnedVersion { key: Key::new(key), version: version.to_owned() };
    let list = BTreeSet::from([pair("a b\u{2297}.css", "v2"), pair("a", "v1")]);
    let text = write_condemned(&list);
    assert_eq!(text, "v1\ta\nv2\ta b\u{2297}.css\n");
    assert_eq!(read_condemned(&text).expect("own bytes"), list);
    assert!(matches!(read_condemned("no tab"), Err(WireError::BadValue { .. })));
}
