//! The ledger's bytes. Stamps are RFC 3339 text, or `null` for *when this version was written*.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::format::{WireError, bad, check_format, read, write};
use crate::model::layout::ChannelName;
use crate::model::ledger::{Cause, Channel, Intent, Kept, Ledger, Moved, Pin, Provenance, Stamp, Synced};
use crate::model::release::{ReleaseId, TreeDigest};
use crate::model::timestamp::{Timestamp, format_span, parse_span};

const DOCUMENT: &str = "the ledger";
const FORMAT: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireLedger {
    format: u64,
    prefix: String,
    revision: u64,
    writer: String,
    channels: BTreeMap<String, WireChannel>,
    releases: BTreeMap<String, WireKept>,
    intents: BTreeMap<String, WireIntent>,
    condemned: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    closed: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireChannel {
    release: String,
    sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    synced: Option<WireSynced>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    began: Option<u64>,
    moves: Vec<WireMoved>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSynced {
    sequence: u64,
    manifest: String,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    told: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireMoved {
    id: String,
    release: String,
    sequence: u64,
    at: Option<String>,
    cause: String,
    #[serde(default, skip_serializing_if = "WireProvenance::is_empty")]
    from: WireProvenance,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireKept {
    tree: String,
    staged_at: Option<String>,
    /// Absent: current, or never was. `null`: retired in this very version.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    retired_at: Option<Option<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<WirePin>,
    #[serde(default, skip_serializing_if = "WireProvenance::is_empty")]
    from: WireProvenance,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePin {
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    at: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireIntent {
    release: String,
    at: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireProvenance {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    commit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    build_url: Option<String>,
}

impl WireProvenance {
    fn is_empty(&self) -> bool {
        self.message.is_none() && self.commit.is_none() && self.actor.is_none() && self.build_url.is_none()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Keeps a field that is `null` apart from one that is absent.
fn present<'de, D: Deserializer<'de>>(field: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// The bytes of a ledger.
pub fn write_ledger(ledger: &Ledger) -> Vec<u8> {
    let pin = |pin: &Pin| {
        let Pin { reason, actor, at } = pin.clone();
        WirePin { reason, actor, at: write_stamp(at) }
    };
    let kept = |kept: &Kept| WireKept {
        tree: kept.tree.to_string(),
        staged_at: write_stamp(kept.staged_at),
        retired_at: kept.retired_at.map(write_stamp),
        pinned: kept.pinned.as_ref().map(pin),
        from: write_provenance(&kept.provenance),
    };
    let intent = |intent: &Intent| WireIntent { release: intent.release.to_string(), at: write_stamp(intent.at) };
    write(&WireLedger {
        format: FORMAT,
        prefix: ledger.prefix.clone(),
        revision: ledger.revision,
        writer: ledger.writer.to_string(),
        channels: ledger.channels.iter().map(|(name, channel)| (name.to_string(), write_channel(channel))).collect(),
        releases: ledger.releases.iter().map(|(id, entry)| (id.to_string(), kept(entry))).collect(),
        intents: ledger.intents.iter().map(|(id, entry)| (id.to_string(), intent(entry))).collect(),
        condemned: ledger.condemned.map(|list| list.to_string()),
        closed: ledger.closed,
    })
}

fn write_channel(channel: &Channel) -> WireChannel {
    let moved = |moved: &Moved| WireMoved {
        id: moved.id.to_string(),
        release: moved.release.to_string(),
        sequence: moved.sequence,
        at: write_stamp(moved.at),
        cause: cause_word(moved.cause).to_owned(),
        from: write_provenance(&moved.provenance),
    };
    let synced = |synced: &Synced| {
        let Synced { sequence, manifest, told } = synced.clone();
        WireSynced { sequence, manifest, told }
    };
    WireChannel {
        release: channel.release.to_string(),
        sequence: channel.sequence,
        build: channel.build,
        synced: channel.synced.as_ref().map(synced),
        expires: channel.expires.map(format_span),
        began: channel.began,
        moves: channel.moves.iter().map(moved).collect(),
    }
}

fn write_stamp(stamp: Stamp) -> Option<String> {
    match stamp {
        Stamp::Now => None,
        Stamp::At(moment) => Some(moment.to_string()),
    }
}

fn write_provenance(provenance: &Provenance) -> WireProvenance {
    let Provenance { message, commit, actor, build_url } = provenance.clone();
    WireProvenance { message, commit, actor, build_url }
}

/// The word for a cause, in the ledger and in output alike.
fn cause_word(cause: Cause) -> &'static str {
    match cause {
        Cause::Publish => "publish",
        Cause::Activate => "activate",
        Cause::Rollback => "rollback",
    }
}

/// Reads a ledger.
///
/// # Errors
/// The bytes are not one, or one of a later format.
pub fn read_ledger(bytes: &[u8]) -> Result<Ledger, WireError> {
    let wire: WireLedger = read(DOCUMENT, FORMAT, bytes)?;
    check_format(DOCUMENT, wire.format, FORMAT)?;
    let channels = wire.channels.into_iter().map(|(name, channel)| {
        let name = ChannelName::new(&name).map_err(|_| bad(DOCUMENT, "a channel's name")(&name))?;
        Ok((name, read_channel(channel)?))
    });
    let releases = wire.releases.into_iter().map(|(id, kept)| {
        let entry = Kept {
            tree: TreeDigest::parse(&kept.tree).ok_or_else(|| bad(DOCUMENT, "a tree digest")(&kept.tree))?,
            staged_at: read_stamp(kept.staged_at.as_deref())?,
            retired_at: kept.retired_at.map(|stamp| read_stamp(stamp.as_deref())).transpose()?,
            pinned: kept.pinned.map(read_pin).transpose()?,
            provenance: read_provenance(kept.from),
        };
        Ok((read_release_id(&id)?, entry))
    });
    let intents = wire.intents.into_iter().map(|(id, intent)| {
        let entry = Intent { release: read_release_id(&intent.release)?, at: read_stamp(intent.at.as_deref())? };
        Ok((read_uuid(&id)?, entry))
    });
    Ok(Ledger {
        channels: channels.collect::<Result<_, WireError>>()?,
        releases: releases.collect::<Result<_, WireError>>()?,
        intents: intents.collect::<Result<_, WireError>>()?,
        condemned: wire.condemned.as_deref().map(read_uuid).transpose()?,
        closed: wire.closed,
        revision: wire.revision,
        writer: read_uuid(&wire.writer)?,
        prefix: wire.prefix,
    })
}

fn read_channel(wire: WireChannel) -> Result<Channel, WireError> {
    let span = |text: &str| {
        parse_span(text).filter(|span| *span > Duration::ZERO).ok_or_else(|| bad(DOCUMENT, "a span such as 7d")(text))
    };
    let moves = wire.moves.into_iter().map(|moved| {
        Ok(Moved {
            id: read_uuid(&moved.id)?,
            release: read_release_id(&moved.release)?,
            sequence: moved.sequence,
            at: read_stamp(moved.at.as_deref())?,
            cause: [Cause::Publish, Cause::Activate, Cause::Rollback]
                .into_iter()
                .find(|cause| cause_word(*cause) == moved.cause)
                .ok_or_else(|| bad(DOCUMENT, "publish, activate or rollback")(&moved.cause))?,
            provenance: read_provenance(moved.from),
        })
    });
    Ok(Channel {
        release: read_release_id(&wire.release)?,
        sequence: wire.sequence,
        build: wire.build,
        synced: wire.synced.map(|WireSynced { sequence, manifest, told }| Synced { sequence, manifest, told }),
        expires: wire.expires.as_deref().map(span).transpose()?,
        began: wire.began,
        moves: moves.collect::<Result<_, WireError>>()?,
    })
}

fn read_pin(wire: WirePin) -> Result<Pin, WireError> {
    let WirePin { reason, actor, at } = wire;
    Ok(Pin { reason, actor, at: read_stamp(at.as_deref())? })
}

fn read_stamp(text: Option<&str>) -> Result<Stamp, WireError> {
    let Some(text) = text else { return Ok(Stamp::Now) };
    Timestamp::parse(text).map(Stamp::At).ok_or_else(|| bad(DOCUMENT, "a time")(text))
}

fn read_uuid(text: &str) -> Result<Uuid, WireError> {
    Uuid::parse_str(text).map_err(|_| bad(DOCUMENT, "a UUID")(text))
}

fn read_release_id(text: &str) -> Result<ReleaseId, WireError> {
    ReleaseId::parse(text).ok_or_else(|| bad(DOCUMENT, "a release id")(text))
}

fn read_provenance(wire: WireProvenance) -> Provenance {
    let WireProvenance { message, commit, actor, build_url } = wire;
    Provenance { message, commit, actor, build_url }
}
