//! The address of a folder that is published whole: one for all of its files, so that the names inside it can stay.
//!
//! It fixes what a visitor receives under each of them, for it is taken over every file's own address, which covers
//! the headers. It does not depend on where in the site the folder lies.

use super::address::Address;

const TREE: &str = "lastly tree address 1";

/// The address of a tree, given the path of each file within it and the file's own address, in the order of the paths.
pub fn address_of_tree<'a>(files: impl IntoIterator<Item = (&'a str, Address)>) -> Address {
    let mut hasher = blake3::Hasher::new_derive_key(TREE);
    for (path, address) in files {
        hasher.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes()).update(address.bytes());
    }
    Address::of_hash(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::super::address::Addresser;
    use super::super::headers::Headers;
    use super::*;

    fn tree(files: &[(&str, &str)], generation: u64) -> Address {
        let addresser = Addresser::new(&Headers::default(), generation);
        address_of_tree(files.iter().map(|(path, bytes)| (*path, addresser.address_of(bytes.as_bytes()))))
    }

    #[test]
    fn every_path_and_every_file_enters_the_address() {
        let addresses = [
            tree(&[("a", "1"), ("b", "2")], 0),
            tree(&[("a", "1"), ("b", "3")], 0),
            tree(&[("a", "1"), ("c", "2")], 0),
            tree(&[("a", "1")], 0),
            tree(&[("ab", "1")], 0),
            tree(&[("a", "1"), ("b", "2")], 1),
            tree(&[], 0),
        ];
        for (at, address) in addresses.iter().enumerate() {
            assert!(!addresses[..at].contains(address), "{at}");
        }
    }

    /// The addresses of the first version: a change here gives every tree of every user new URLs.
    #[test]
    fn addresses_are_pinned() {
        let mut hasher = blake3::Hasher::new_derive_key("lastly tree address 1");
        for (path, bytes) in [("a.js", &b"1"[..]), ("b/c.js", b"2")] {
            let address = Addresser::new(&Headers::default(), 0).address_of(bytes).to_string();
            let address = blake3::Hash::from_hex(address).expect("64 hex digits");
            hasher.update(&(path.len() as u64).to_le_bytes()).update(path.as_bytes()).update(address.as_bytes());
        }
        let address = tree(&[("a.js", "1"), ("b/c.js", "2")], 0);
        assert_eq!(address.to_string(), hasher.finalize().to_hex().as_str());
    }
}
