//! A file's bytes on their way into the store: read once more, and checked against the address that was taken of
//! them. A file that has changed since is never published, not even in part.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};

use crate::model::address::{Address, Addresser};
use crate::model::layout::Name;
use crate::store::{Body, Content};

/// Files up to this size are uploaded from memory, larger ones in pieces.
const WHOLE: u64 = 8 << 20;

/// How much of a larger file is held at a time.
const PIECE: usize = 1 << 20;

/// Where the bytes of each object come from.
pub type Sources = HashMap<Name, Source>;

/// A file, and how to tell that it has not changed.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub file: PathBuf,
    /// Its size when its address was taken.
    pub size: u64,
    /// Its address.
    pub address: Address,
    /// What takes its address again.
    pub addresser: Arc<Addresser>,
}

impl Source {
    /// Reads a file that has not changed, whole.
    ///
    /// # Errors
    /// The file cannot be read, or has changed (`InvalidData`).
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size).unwrap_or(0) + 1);
        // One byte more than expected tells that the file has grown, however much it has.
        File::open(&self.file)?.take(self.size + 1).read_to_end(&mut bytes)?;
        if self.addresser.address_of(&bytes) == self.address { Ok(bytes) } else { Err(changed()) }
    }

    /// The file as the body of an object: its bytes where they are few, else a source of them that ends in an error
    /// if the file has changed. It blocks.
    ///
    /// # Errors
    /// As [`Source::read`].
    pub fn body(&self) -> io::Result<Body> {
        if self.size > WHOLE {
            return Ok(Body::Stream(Arc::new(self.clone())));
        }
        self.read().map(|bytes| Body::Whole(bytes.into()))
    }

    /// How many bytes of it are held in memory while it is uploaded.
    pub fn held(&self) -> u64 {
        if self.size > WHOLE { 4 * WHOLE } else { self.size }
    }
}

fn changed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the file has changed since its address was taken")
}

impl Content for Source {
    fn size(&self) -> u64 {
        self.size
    }

    fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
        let beginning =
            Reading { source: self.clone(), addresser: (*self.addresser).clone(), file: None, left: self.size };
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
        if piece.is_empty() {
            let same = self.left == 0 && self.addresser.finish() == self.source.address;
            return if same { Ok(None) } else { Err(changed()) };
        }
        self.file = Some(file);
        Ok(Some((piece.into(), self)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use futures::TryStreamExt;

    use super::*;
    use crate::model::headers::Headers;

    fn source(bytes: &[u8]) -> (tempfile::NamedTempFile, Source) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("room for it");
        let addresser = Arc::new(Addresser::new(&Headers::default(), 0));
        let address = addresser.address_of(bytes);
        let source = Source { file: file.path().to_owned(), size: bytes.len() as u64, address, addresser };
        (file, source)
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
        let pieces: Vec<Bytes> = source.open().try_collect().await.expect("unchanged");
        assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [PIECE, PIECE, 5]);

        let mut other = bytes.clone();
        other[PIECE + 1] = 8;
        for change in [other, bytes[..PIECE].to_vec(), [bytes.clone(), vec![7]].concat()] {
            std::fs::write(file.path(), change).expect("room for it");
            let read: io::Result<Vec<Bytes>> = source.open().try_collect().await;
            assert_eq!(read.expect_err("changed").kind(), io::ErrorKind::InvalidData);
        }
    }
}
