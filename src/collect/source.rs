//! A file's bytes on their way into the store: read once more, checked against the address that was taken of them,
//! and with their references rewritten. A file that has changed since is never published, not even in part.

use std::collections::HashMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};

use crate::model::address::{Address, Addresser};
use crate::model::layout::Name;
use crate::prepare::splice::{Edits, Splice};
use crate::store::{Body, Content};

/// Files up to this size are uploaded from memory, larger ones in pieces.
const WHOLE: u64 = 8 << 20;

/// How much of a larger file is held at a time.
const PIECE: usize = 1 << 20;

/// Where the bytes of each object come from.
pub type Sources = HashMap<Name, Source>;

/// A file, how to tell that it has not changed, and what is changed in it on the way.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub file: PathBuf,
    /// Its size when its address was taken.
    pub size: u64,
    /// The address of its bytes as they are in the file.
    pub address: Address,
    /// What takes that address again.
    pub addresser: Arc<Addresser>,
    /// Which references are rewritten.
    pub rewriting: Rewriting,
}

/// What is changed in a file on its way into the store.
#[derive(Clone, Debug, Default)]
pub enum Rewriting {
    /// Nothing.
    #[default]
    Nothing,
    /// This.
    Known(Arc<Edits>),
    /// All of it: there is no file, these are the bytes.
    Made(Bytes),
    /// What this finds, given the file's bytes. For files whose objects are most likely in the store already.
    Later(Arc<dyn FindEdits>),
}

/// Finds out what is to be changed in a file.
pub trait FindEdits: Debug + Send + Sync {
    /// What is to be changed in a file with these bytes.
    fn edits(&self, bytes: &[u8]) -> Edits;
}

impl Source {
    /// Reads a file that has not changed, whole, as it is.
    ///
    /// # Errors
    /// The file cannot be read, or has changed (`InvalidData`).
    pub fn read_original(&self) -> io::Result<Vec<u8>> {
        if let Rewriting::Made(bytes) = &self.rewriting {
            return Ok(bytes.to_vec());
        }
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0) + 1);
        // One byte more than expected tells that the file has grown, however much it has.
        File::open(&self.file)?.take(self.size + 1).read_to_end(&mut bytes)?;
        if self.addresser.address_of(&bytes) == self.address { Ok(bytes) } else { Err(changed()) }
    }

    /// Reads a file that has not changed, whole, and rewrites its references.
    ///
    /// # Errors
    /// As [`Source::read_original`].
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let bytes = self.read_original()?;
        Ok(match &self.rewriting {
            Rewriting::Nothing | Rewriting::Made(_) => bytes,
            Rewriting::Known(edits) => edits.apply(&bytes),
            Rewriting::Later(finder) => finder.edits(&bytes).apply(&bytes),
        })
    }

    /// The file as the body of an object: its bytes where they are few, else a source of them that ends in an error
    /// if the file has changed. It blocks.
    ///
    /// # Errors
    /// As [`Source::read_original`].
    pub fn body(&self) -> io::Result<Body> {
        let edits = match &self.rewriting {
            Rewriting::Made(bytes) => return Ok(Body::Whole(bytes.clone())),
            _ if self.size <= WHOLE => return self.read().map(|bytes| Body::Whole(bytes.into())),
            Rewriting::Nothing => Arc::default(),
            Rewriting::Known(edits) => edits.clone(),
            Rewriting::Later(finder) => Arc::new(finder.edits(&self.read_original()?)),
        };
        Ok(Body::Stream(Arc::new(Streamed { source: self.clone(), edits })))
    }

    /// How many bytes of it are held in memory while it is uploaded.
    pub fn held(&self) -> u64 {
        if self.size > WHOLE { 4 * WHOLE } else { self.size }
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file has changed since its address was taken")
}

/// A file that is too large to be held in memory.
#[derive(Debug)]
struct Streamed {
    source: Source,
    edits: Arc<Edits>,
}

impl Content for Streamed {
    fn size(&self) -> u64 {
        self.edits.size_after(self.source.size)
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let beginning = Reading {
            source: self.source.clone(),
            edits: self.edits.clone(),
            splice: Splice::default(),
            addresser: (*self.source.addresser).clone(),
            file: None,
            left: self.source.size,
        };
        stream::try_unfold(beginning, |reading| async {
            match tokio::task::spawn_blocking(|| reading.next()).await {
                Ok(next) => next,
                Err(panic) => Err(io::Error::other(panic)),
            }
        })
        .boxed()
    }
}

/// A file that is being read from its beginning to its end.
struct Reading {
    source: Source,
    edits: Arc<Edits>,
    splice: Splice,
    addresser: Addresser,
    file: Option<File>,
    left: u64,
}

impl Reading {
    fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.source.file)?,
        };
        let mut piece = Vec::with_capacity(PIECE);
        (&mut file).take(PIECE as u64).read_to_end(&mut piece)?;
        self.addresser.update(&piece);
        match self.left.checked_sub(piece.len() as u64) {
            None => return Err(changed()),
            Some(left) => self.left = left,
        }
        let mut out = Vec::with_capacity(piece.len());
        self.splice.piece(&self.edits, &piece, &mut out);
        if piece.is_empty() {
            if self.left > 0 || self.addresser.finish() != self.source.address {
                return Err(changed());
            }
            std::mem::take(&mut self.splice).finish(&self.edits, &mut out);
        }
        // What is put in behind the last byte is one piece more; after it there is nothing.
        self.edits = if piece.is_empty() { Arc::default() } else { self.edits };
        self.file = Some(file);
        Ok((!out.is_empty() || !piece.is_empty()).then(|| (out.into(), self)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use futures::TryStreamExt;

    use super::*;
    use crate::model::headers::Headers;
    use crate::prepare::splice::Edit;

    fn source(bytes: &[u8]) -> (tempfile::NamedTempFile, Source) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        let addresser = Arc::new(Addresser::new(&Headers::default(), 0));
        let address = addresser.address_of(bytes);
        let (size, rewriting) = (bytes.len() as u64, Rewriting::Nothing);
        let source = Source { file: file.path().to_owned(), size, address, addresser, rewriting };
        (file, source)
    }

    fn stream(source: &Source) -> BoxStream<'static, io::Result<Bytes>> {
        Streamed { source: source.clone(), edits: Arc::default() }.open()
    }

    #[test]
    fn a_file_that_changes_is_not_read() {
        for change in [&b"other"[..], b"same length?", b""] {
            let (file, source) = source(b"same length!");
            assert_eq!(source.read().expect("unchanged"), b"same length!");
            std::fs::write(file.path(), change).expect("room for it");
            assert_eq!(source.read().expect_err("changed").kind(), io::ErrorKind::InvalidData);
        }
    }

    #[tokio::test]
    async fn a_large_file_is_read_in_pieces_and_checked_at_its_end() {
        let bytes = vec![7; PIECE * 2 + 5];
        let (file, source) = source(&bytes);
        let pieces: Vec<Bytes> = stream(&source).try_collect().await.expect("unchanged");
        assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 5]);

        let mut other = bytes.clone();
        other[PIECE + 1] = 8;
        for change in [other, bytes[..PIECE].to_vec(), [bytes.clone(), vec![7]].concat()] {
            std::fs::write(file.path(), change).expect("room for it");
            let read: io::Result<Vec<Bytes>> = stream(&source).try_collect().await;
            assert_eq!(read.expect_err("changed").kind(), io::ErrorKind::InvalidData);
        }
    }

    #[tokio::test]
    async fn references_are_rewritten_in_pieces_as_in_the_whole() {
        let edit = |at: usize| Edit { range: at..at, text: ".address".into() };
        for places in [vec![0, PIECE - 1, PIECE, PIECE + 3], vec![PIECE + 4]] {
            let (_file, mut source) = source(&vec![7; PIECE + 4]);
            let edits = Arc::new(Edits::new(places.into_iter().map(edit).collect()));
            source.rewriting = Rewriting::Known(edits.clone());
            let streamed = Streamed { source: source.clone(), edits };
            let pieces: Vec<Bytes> = streamed.open().try_collect().await.expect("unchanged");
            assert_eq!(pieces.concat(), source.read().expect("unchanged"));
            assert_eq!(pieces.concat().len() as u64, streamed.size());
        }
    }
}
