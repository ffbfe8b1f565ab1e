//! A share of the deleting, for collections that run on several machines at once.
//!
//! Every shard reads the same ledger, lists the same store and puts what it condemns on the same list; it condemns,
//! deletes and takes off that list only what is its own. What lies under an address is dealt out by key. Everything
//! else belongs to the first shard, whole: a document leaves after the sealed assets that only it names, and of a page
//! the oldest version leaves first, and one collector can see to that.

use std::fmt;
use std::str::FromStr;

use crate::model::layout::{Form, Key, Layout};

/// More shards than anybody has machines; each still has room for a good share of a list.
const MOST: u32 = 256;

/// One of several shares of the deleting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which, from 1.
    number: u32,
    /// Of how many.
    of: u32,
}

/// What is not a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share such as `3/16`: the second number is from 1 to {MOST}, the first from 1 to the second")]
pub struct BadShard(String);

impl Shard {
    /// The only share.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Whether it falls to this shard to delete versions of a key.
    pub fn owns(self, layout: &Layout, key: &Key) -> bool {
        let owner = match layout.form(key) {
            Some(Form::Object) => deal(key, self.of),
            _ => 1,
        };
        owner == self.number
    }

    /// Its part of a list that holds so many versions.
    pub const fn part_of(self, list: usize) -> usize {
        list / self.of as usize
    }
}

/// The number of the shard that a key falls to: the same on every machine and in every version of lastly.
fn deal(key: &Key, of: u32) -> u32 {
    let hash = blake3::hash(key.as_str().as_bytes());
    let beginning = hash.as_bytes().first_chunk().expect("a hash has 32 bytes");
    u32::from_le_bytes(*beginning) % of + 1
}

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=MOST).contains(&of) && (1..=of).contains(&number) => Ok(Self { number, of }),
            _ => Err(BadShard(text.to_owned())),
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_number_of_another() {
        assert_eq!("3/16".parse(), Ok(Shard { number: 3, of: 16 }));
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
        for bad in ["", "3", "0/4", "5/4", "1/0", "1/257", "-1/4", "a/b", "1/4/2"] {
            assert_eq!(bad.parse::<Shard>(), Err(BadShard(bad.to_owned())));
        }
    }

    #[test]
    fn every_key_falls_to_one_shard_and_each_gets_its_part() {
        let layout = Layout::new("static", None);
        let shards: Vec<Shard> = (1..=16).map(|number| Shard { number, of: 16 }).collect();
        let mut parts = vec![0; shards.len()];
        for n in 0..16_000 {
            let key = Key::new(&format!("static/img/{n}.0123456789abcdef0123456789abcdef.svg"));
            let owners: Vec<usize> = (0..16).filter(|at| shards[*at].owns(&layout, &key)).collect();
            assert_eq!(owners.len(), 1, "{key}");
            parts[owners[0]] += 1;
        }
        assert!(parts.iter().all(|part| (850..1150).contains(part)), "{parts:?}");
        for other in ["static/index.html", "static/manifest.json", ".lastly/static/ledger.json", "static/a/sealed.js"] {
            assert!(shards[0].owns(&layout, &Key::new(other)), "{other}");
            assert!(!shards[1..].iter().any(|shard| shard.owns(&layout, &Key::new(other))), "{other}");
        }
    }

    #[test]
    fn machines_of_other_kinds_deal_alike() {
        let key = Key::new("static/css/app.0123456789abcdef0123456789abcdef.css");
        assert_eq!([2, 7, 16, 256].map(|of| deal(&key, of)), [1, 3, 11, 27]);
    }
}
