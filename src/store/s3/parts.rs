//! Bodies cut into parts, each read once and in order.

use std::io;

use bytes::{Bytes, BytesMut};
use futures::stream::{self, BoxStream, StreamExt};

use crate::store::Body;

/// The bytes of `body` in pieces of `part_size` bytes, the last one of what is left. It ends in an error where the
/// source fails, or where it gives another number of bytes than it announced.
pub(super) fn parts(body: &Body, part_size: usize) -> BoxStream<'static, io::Result<Bytes>> {
    match body {
        Body::Whole(bytes) => {
            let bytes = bytes.clone();
            let starts = (0..bytes.len()).step_by(part_size);
            stream::iter(starts.map(move |start| Ok(bytes.slice(start..bytes.len().min(start + part_size))))).boxed()
        }
        Body::Stream(content) => {
            let cutter = Cutter {
                source: content.open(),
                part: BytesMut::new(),
                part_size,
                announced: content.size(),
                seen: 0,
                ended: false,
            };
            stream::unfold(cutter, |mut cutter| async { Some((cutter.next().await?, cutter)) }).boxed()
        }
    }
}

/// All bytes of `body`.
///
/// # Errors
/// The source fails, or gives another number of bytes than it announced.
pub(super) async fn whole(body: Body) -> io::Result<Bytes> {
    match body {
        Body::Whole(bytes) => Ok(bytes),
        Body::Stream(_) => {
            let size = usize::try_from(body.size()).unwrap_or(usize::MAX).max(1);
            let mut results = parts(&body, size);
            let mut bytes = Bytes::new();
            // There is one part at most, and perhaps an error behind it.
            while let Some(part) = results.next().await {
                bytes = part?;
            }
            Ok(bytes)
        }
    }
}

/// A source of bytes on its way into parts.
struct Cutter {
    source: BoxStream<'static, io::Result<Bytes>>,
    part: BytesMut,
    part_size: usize,
    announced: u64,
    seen: u64,
    ended: bool,
}

impl Cutter {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        while !self.ended && self.part.len() < self.part_size {
            match self.source.next().await {
                Some(Ok(bytes)) => {
                    self.seen += bytes.len() as u64;
                    if self.seen > self.announced {
                        return self.fail(self.wrong_size("more"));
                    }
                    if self.part.is_empty() {
                        let left = self.announced - (self.seen - bytes.len() as u64);
                        self.part.reserve(self.part_size.min(usize::try_from(left).unwrap_or(usize::MAX)));
                    }
                    self.part.extend_from_slice(&bytes);
                }
                Some(Err(error)) => return self.fail(error),
                None if self.seen < self.announced => return self.fail(self.wrong_size("fewer")),
                None => self.ended = true,
            }
        }
        let length = self.part.len().min(self.part_size);
        (length > 0).then(|| Ok(self.part.split_to(length).freeze()))
    }

    fn fail(&mut self, error: io::Error) -> Option<io::Result<Bytes>> {
        self.ended = true;
        self.part.clear();
        Some(Err(error))
    }

    fn wrong_size(&self, than: &str) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("it has {than} than the {} bytes announced", self.announced))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::TryStreamExt;

    use super::*;
    use crate::store::Content;

    /// Chunks, and whether an error follows the last.
    #[derive(Clone, Debug)]
    struct Chunks {
        announced: u64,
        chunks: Vec<&'static str>,
        broken: bool,
    }

    impl Content for Chunks {
        fn size(&self) -> u64 {
            self.announced
        }

        fn open(&self) -> BoxStream<'static, io::Result<Bytes>> {
            let end = self.broken.then(|| Err(io::Error::other("changed")));
            stream::iter(self.chunks.clone().into_iter().map(|chunk| Ok(Bytes::from(chunk))).chain(end)).boxed()
        }
    }

    fn body(announced: u64, chunks: &[&'static str], broken: bool) -> Body {
        Body::Stream(Arc::new(Chunks { announced, chunks: chunks.to_vec(), broken }))
    }

    async fn cut(body: Body, part_size: usize) -> io::Result<Vec<Bytes>> {
        parts(&body, part_size).try_collect().await
    }

    #[tokio::test]
    async fn parts_are_full_but_for_the_last() {
        let expected = ["abc", "def", "gh"];
        for body in [
            Body::Whole(Bytes::from("abcdefgh")),
            body(8, &["a", "bcdefgh"], false),
            body(8, &["abcd", "", "efg", "h"], false),
        ] {
            assert_eq!(cut(body.clone(), 3).await.expect("it is sound"), expected);
            assert_eq!(whole(body).await.expect("it is sound"), "abcdefgh");
        }
        assert_eq!(cut(body(6, &["abcdef"], false), 3).await.expect("it is sound"), ["abc", "def"]);
        assert_eq!(whole(body(0, &[], false)).await.expect("it is sound"), "");
    }

    #[tokio::test]
    async fn a_source_that_is_not_as_announced_is_an_error() {
        for unsound in [
            body(3, &["abc"], true),
            body(4, &["abc"], false),
            body(2, &["abc"], false),
            body(0, &[], true),
            body(0, &["a"], false),
        ] {
            assert!(cut(unsound.clone(), 3).await.is_err(), "{unsound:?}");
            assert!(whole(unsound.clone()).await.is_err(), "{unsound:?}");
        }
    }
}
