//! The addresses of files that refer to one another, taken again from their published bytes. Pure.
//!
//! What was hashed held the references within the circle as they were written, so the addresses that were put into
//! them are found and taken out again first (`model/circle.rs` says what is hashed).

use std::collections::HashMap;

use crate::model::address::Addresser;
use crate::model::circle::{MemberHasher, addresses_in_circle};
use crate::model::layout::InName;
use crate::model::path::{AssetPath, common_folder};
use crate::model::release::{CircleId, Entry};
use crate::prepare::splice::{Edit, Edits};
use crate::refs::format::Format;
use crate::refs::graph::Graph;
use crate::refs::resolve::{Resolved, Roots, resolve};

/// A published file that is said to be part of a circle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    pub path: &'a AssetPath,
    pub entry: &'a Entry,
    pub bytes: &'a [u8],
}

/// A reference to another member: which bytes of the file are the other one's address, with its dot.
#[derive(Clone, Copy, Debug)]
struct Inward {
    place: usize,
    length: usize,
    target: u32,
}

/// What was put into the name of a member.
fn put_in(member: &Member<'_>) -> String {
    InName { address: member.entry.address, compression: member.entry.compression }.to_string()
}

/// The members, by index and in groups, of which nobody can say that they are what was addressed. `members` are in the
/// order of their paths and share a circle's id; a circle that lies in the site twice has one id.
pub(super) fn broken(
    id: CircleId,
    members: &[Member<'_>],
    roots: &Roots,
    generations: impl Iterator<Item = u64> + Clone,
) -> Vec<Vec<usize>> {
    let numbers: HashMap<&str, u32> = members.iter().map(|member| member.entry.name.as_str()).zip(0..).collect();
    let inward: Vec<Vec<Inward>> = members.iter().map(|member| inward(member, members, &numbers, roots)).collect();
    let graph = Graph::new(inward.iter().map(|inward| inward.iter().map(|reference| reference.target)));
    let units = graph.units();
    let is_right =
        |files: &[u32]| generations.clone().any(|generation| has_addresses(id, members, &inward, files, generation));
    let broken = units.into_iter().filter(|unit| !unit.is_circle || !is_right(&unit.files));
    let broken: Vec<Vec<usize>> =
        broken.map(|unit| unit.files.into_iter().map(|file| file as usize).collect()).collect();
    // A reference that is gone tears a circle apart: what is left of it is one thing to report.
    if broken.iter().all(|unit| unit.len() > 1) {
        return broken;
    }
    let mut torn = broken.concat();
    torn.sort_unstable();
    vec![torn]
}

/// The references of a member to others, in the order of their places.
fn inward(member: &Member<'_>, members: &[Member<'_>], numbers: &HashMap<&str, u32>, roots: &Roots) -> Vec<Inward> {
    let Some(format) = Format::of(member.path) else { return Vec::new() };
    let found = format.find(member.bytes);
    let leads = found.references.iter().filter_map(|reference| {
        let text = reference.value.text();
        let resolved = resolve(text, reference.kind, member.path, found.base.as_deref(), roots);
        let Resolved::Inside(inside) = resolved else { return None };
        let target = *numbers.get(inside.path.as_str())?;
        let other = members[target as usize];
        // The place is before the last dot of the name as it is now: the one of the extension, or of the address.
        let end = reference.value.place(inside.name);
        let put_in = put_in(&other);
        let place = if other.path.extension().is_some() { end.checked_sub(put_in.len())? } else { end };
        let is_there = member.bytes.get(place..place + put_in.len())? == put_in.as_bytes();
        is_there.then_some(Inward { place, length: put_in.len(), target })
    });
    let mut inward: Vec<Inward> = leads.collect();
    inward.sort_by_key(|reference| reference.place);
    inward
}

/// Whether these members, taken together, have the circle's id and their own addresses.
fn has_addresses(id: CircleId, members: &[Member<'_>], inward: &[Vec<Inward>], files: &[u32], generation: u64) -> bool {
    let of = |file: u32| members[file as usize];
    let folder = common_folder(files.iter().map(|&file| of(file).path.directory()));
    let relative = |file: u32| &of(file).path.as_str()[folder.len()..];
    let digests: Vec<_> = files
        .iter()
        .map(|&file| {
            let within: Vec<Inward> = inward[file as usize]
                .iter()
                .copied()
                .filter(|reference| files.binary_search(&reference.target).is_ok())
                .collect();
            let take_out = |reference: &Inward| Edit {
                range: reference.place..reference.place + reference.length,
                text: Box::default(),
            };
            let entry = of(file).entry;
            let addresser = Addresser::compressed(&entry.headers, generation, entry.compression);
            let mut hasher = MemberHasher::new(relative(file), &addresser);
            hasher.bytes(&Edits::new(within.iter().map(take_out).collect()).apply(of(file).bytes));
            let mut taken_out = 0;
            for reference in &within {
                hasher.reference(reference.place - taken_out, relative(reference.target));
                taken_out += reference.length;
            }
            hasher.finish()
        })
        .collect();
    let (circle, addresses) = addresses_in_circle(&digests);
    circle == id && files.iter().zip(addresses).all(|(&file, address)| of(file).entry.address == address)
}
