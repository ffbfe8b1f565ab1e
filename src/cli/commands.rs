//! The commands, one file each: settle the settings, call one operation, show what came of it.

pub(crate) mod activate;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod fsck;
pub(crate) mod gc;
pub(crate) mod init;
pub(crate) mod man;
pub(crate) mod manifest;
pub(crate) mod pin;
pub(crate) mod policy;
pub(crate) mod publish;
pub(crate) mod releases;
pub(crate) mod restore;
pub(crate) mod rollback;
pub(crate) mod serve;
pub(crate) mod show;
pub(crate) mod upload;
pub(crate) mod verify;
