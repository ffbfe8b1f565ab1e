//! The addresses of files that refer to one another in a circle: none of them can be hashed with the others' addresses
//! in it, so all of them are hashed together with the references among them left as they were written.
//!
//! An address taken so still fixes what a visitor receives: it commits to every member's bytes, to every name that
//! leads out of the circle, and to where in which member each reference within it stands. It depends neither on the
//! order in which the files were found nor on where in the site the circle lies.

use super::address::{Address, Addresser};
use super::digest::CircleId;

const MEMBER: &str = "lastly circle member 1";
const CIRCLE: &str = "lastly circle 1";
const ADDRESS: &str = "lastly address in a circle 1";

/// Takes the digest of one member of a circle.
#[derive(Debug)]
pub struct MemberHasher(blake3::Hasher);

/// Everything about one member of a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberDigest([u8; 32]);

impl MemberHasher {
    /// Begins with where the member lies, relative to the lowest folder that holds the whole circle, and with what is
    /// served beside its bytes.
    pub fn new(path: &str, addresser: &Addresser) -> Self {
        let mut hasher = Self(blake3::Hasher::new_derive_key(MEMBER));
        hasher.text(path);
        hasher.0.update(addresser.key());
        hasher
    }

    /// Takes in the member's bytes: final but for the references to other members, which stand as they were written.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.update(bytes);
    }

    /// Takes in one reference to a member, in the order of their places: where in those bytes an address goes, and
    /// the path of the member as for [`Self::new`].
    pub fn reference(&mut self, place: usize, path: &str) {
        self.number(place);
        self.text(path);
    }

    /// The digest of everything taken in.
    pub fn finish(&self) -> MemberDigest {
        MemberDigest(self.0.finalize().into())
    }

    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }
}

/// The id of a circle and the address of each of its members, given in the order of their paths.
pub fn addresses_in_circle(members: &[MemberDigest]) -> (CircleId, Vec<Address>) {
    let mut hasher = blake3::Hasher::new_derive_key(CIRCLE);
    for MemberDigest(digest) in members {
        hasher.update(digest);
    }
    let circle = hasher.finalize();
    let address = |MemberDigest(digest): &MemberDigest| {
        let mut hasher = blake3::Hasher::new_derive_key(ADDRESS);
        hasher.update(circle.as_bytes()).update(digest);
        Address::of_hash(hasher.finalize())
    };
    (CircleId::of_hash(&circle), members.iter().map(address).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::headers::Headers;

    fn member(path: &str, bytes: &[u8], references: &[(usize, &str)]) -> MemberDigest {
        let mut hasher = MemberHasher::new(path, &Addresser::new(&Headers::default(), 0));
        hasher.bytes(bytes);
        for (place, path) in references {
            hasher.reference(*place, path);
        }
        hasher.finish()
    }

    #[test]
    fn every_member_s_bytes_enter_every_address() {
        let (circle, addresses) = addresses_in_circle(&[member("a", b"1", &[]), member("b", b"2", &[])]);
        let (other, changed) = addresses_in_circle(&[member("a", b"1", &[]), member("b", b"3", &[])]);
        assert_ne!(circle, other);
        assert!(addresses.iter().all(|address| !changed.contains(address)), "{addresses:?} {changed:?}");
    }

    #[test]
    fn members_differ_by_path_place_and_target_too() {
        let digests = [
            member("a", b"same", &[(1, "b")]),
            member("c", b"same", &[(1, "b")]),
            member("a", b"same", &[(2, "b")]),
            member("a", b"same", &[(1, "c")]),
            member("a", b"same", &[(1, "b"), (1, "b")]),
        ];
        for (at, digest) in digests.iter().enumerate() {
            assert!(!digests[..at].contains(digest), "{at}");
        }
    }

    /// The addresses of the first version: a change here gives every circle of every user new URLs.
    #[test]
    fn addresses_are_pinned() {
        let (circle, addresses) =
            addresses_in_circle(&[member("a", b"1", &[(0, "b")]), member("b", b"2", &[(1, "a")])]);
        insta::assert_snapshot!(circle, @"46b763c4a0eb228de7bf9751c9acc870");
        insta::assert_snapshot!(addresses[0], @"4928e9593f655dee42842f22caa1b72a46f4391011164b814fd872eadaeafb67");
    }
}
