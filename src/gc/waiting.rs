//! Victims that wait for room on a condemned list, in the order in which they came. A list's worth of them is held in
//! memory; the rest lies in a temporary file, so that memory does not grow with their number.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Seek, Write};

use super::plan::{Class, Victim};
use crate::model::layout::Key;
use crate::model::wire::CondemnedVersion;

/// How many victims are held in memory.
pub(super) const HELD: usize = 20_000;

/// Victims that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    held: VecDeque<Victim>,
    file: Option<Spilled>,
    /// How many lie in the file and have not been read.
    spilled: usize,
    /// Why the file does not take them.
    failure: Option<io::Error>,
}

#[derive(Debug)]
enum Spilled {
    Written(BufWriter<File>),
    Read(BufReader<File>),
}

impl Waiting {
    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.held.len() + self.spilled
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds one at the end. If there is no room for it on the disk, [`Self::first`] says so.
    pub(super) fn push(&mut self, victim: Victim) {
        if self.spilled == 0 && self.held.len() < HELD {
            self.held.push_back(victim);
        } else if self.failure.is_none() {
            match self.spill(&victim) {
                Ok(()) => self.spilled += 1,
                Err(error) => self.failure = Some(error),
            }
        }
    }

    fn spill(&mut self, victim: &Victim) -> io::Result<()> {
        let file = match self.file.take() {
            Some(Spilled::Written(file)) => file,
            _ => BufWriter::new(tempfile::tempfile()?),
        };
        let Spilled::Written(file) = self.file.insert(Spilled::Written(file)) else { return Ok(()) };
        let Victim { class, pair } = victim;
        writeln!(file, "{}\t{}\t{}", class.word(), pair.version, pair.key)
    }

    /// The first of them, as many as `count` and no more than a few thousand beyond what there is room for in memory.
    ///
    /// # Errors
    /// The file cannot be written or read.
    pub(super) fn first(&mut self, count: usize) -> io::Result<&[Victim]> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        while self.held.len() < count && self.spilled > 0 {
            let victim = self.read()?;
            self.held.push_back(victim);
            self.spilled -= 1;
        }
        let count = count.min(self.held.len());
        Ok(&self.held.make_contiguous()[..count])
    }

    fn read(&mut self) -> io::Result<Victim> {
        let mut file = match self.file.take() {
            Some(Spilled::Read(file)) => file,
            Some(Spilled::Written(file)) => {
                let mut file = file.into_inner()?;
                file.rewind()?;
                BufReader::new(file)
            }
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        };
        let mut line = String::new();
        file.read_line(&mut line)?;
        self.file = Some(Spilled::Read(file));
        let mut parts = line.trim_end_matches('\n').splitn(3, '\t');
        let class = parts.next().and_then(Class::of_word);
        match (class, parts.next(), parts.next()) {
            (Some(class), Some(version), Some(key)) => {
                Ok(Victim { class, pair: CondemnedVersion { key: Key::new(key), version: version.to_owned() } })
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// Lets the first of them go.
    pub(super) fn pass(&mut self, count: usize) {
        self.held.drain(..count.min(self.held.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn victim(n: usize) -> Victim {
        let class = if n.is_multiple_of(2) { Class::Object } else { Class::Former };
        let key = Key::new(&format!("static/a b/{n}\u{2297}.js"));
        Victim { class, pair: CondemnedVersion { key, version: format!("v{n}") } }
    }

    #[test]
    fn everyone_comes_out_in_order_whatever_the_steps() {
        let count = 2 * HELD + 5;
        let mut waiting = Waiting::default();
        (0..count).for_each(|n| waiting.push(victim(n)));
        assert_eq!((waiting.held.len(), waiting.spilled), (HELD, HELD + 5));
        let mut seen = 0;
        for step in [1, HELD, HELD - 1, 7, HELD] {
            let first = waiting.first(step).expect("a file").to_vec();
            assert_eq!(waiting.first(step).expect("a file"), first, "nobody has gone yet");
            assert_eq!(first, (seen..(seen + step).min(count)).map(victim).collect::<Vec<_>>());
            waiting.pass(first.len());
            seen += first.len();
        }
        assert!(seen == count && waiting.is_empty());
    }

    #[test]
    fn a_few_need_no_file() {
        let mut waiting = Waiting::default();
        (0..HELD).for_each(|n| waiting.push(victim(n)));
        assert!(waiting.file.is_none());
        assert_eq!(waiting.first(2 * HELD).expect("no file").len(), HELD);
    }
}
