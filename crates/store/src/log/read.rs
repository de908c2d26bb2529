//! What is in the log from a position on? Its blocks, each compared with its hashes and with the one before.

use crate::folder::Folder;
use crate::log::block::{BLOCK_BYTES_MAX, Block, Flaw, HEADER_BYTES, Header, Unpacker};
use crate::log::error::{FileFlaw, LogError};
use crate::log::hash::Hash;
use crate::log::reader::{Shared, held};
use crate::log::record::Record;
use crate::log::segment::{SEGMENT_HEADER_BYTES, SegmentFile};
use std::sync::Arc;

/// The blocks of a log from one on, up to where the log ended when they were asked for.
///
/// An iterator that needs the log no more: it may be read on another thread while the log grows. After an error it ends.
/// What [`crate::Log::retire`] removes under it is an error as well.
#[derive(Debug)]
pub struct Blocks {
    steps: Steps,
    unpacker: Unpacker,
    from: u64,
}

impl Blocks {
    pub(crate) fn new(steps: Steps, from: u64) -> Blocks {
        Blocks { steps, unpacker: Unpacker::default(), from }
    }
}

impl Iterator for Blocks {
    type Item = Result<Block, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let header = match self.steps.next_header()? {
                Ok(header) => header,
                Err(e) => return Some(Err(e)),
            };
            if header.end() > self.from {
                return Some(self.steps.block(&header, &mut self.unpacker));
            }
        }
    }
}

/// The records of a log from a position on, with their positions. See [`Blocks`].
#[derive(Debug)]
pub struct Records {
    blocks: Blocks,
    from: u64,
    ready: std::vec::IntoIter<(u64, Record<'static>)>,
}

impl Records {
    pub(crate) fn new(blocks: Blocks) -> Records {
        Records { from: blocks.from, blocks, ready: Vec::new().into_iter() }
    }
}

impl Iterator for Records {
    type Item = Result<(u64, Record<'static>), LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(ready) = self.ready.next() {
                return Some(Ok(ready));
            }
            let block = match self.blocks.next()? {
                Ok(block) => block,
                Err(e) => return Some(Err(e)),
            };
            let records = block.positions().filter(|(position, _)| *position >= self.from);
            let records: Vec<_> = records.map(|(position, record)| (position, record.into_owned())).collect();
            self.ready = records.into_iter();
        }
    }
}

/// A place inside a segment at which a block begins, as an earlier walk found it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Start {
    pub(crate) position: u64,
    pub(crate) offset: u64,
}

/// A walk over the headers of a log's blocks, segment by segment.
#[derive(Debug)]
pub(crate) struct Steps {
    folder: Arc<dyn Folder>,
    /// Segments still to be walked.
    segments: std::vec::IntoIter<u64>,
    segment: Option<SegmentFile>,
    /// First position of that segment.
    segment_first: u64,
    /// Where in the first segment the walk begins, if not at its first block.
    start: Option<Start>,
    /// Where the places of blocks are noted.
    notes: Option<Shared>,
    read_ahead: Option<usize>,
    /// Where the next block begins, in its segment and in the log.
    offset: u64,
    position: u64,
    previous: Option<Hash>,
    /// Where the walk ends.
    end: u64,
    /// Where the block of the last header begins.
    block_offset: u64,
}

impl Steps {
    /// A walk from the beginning of the first of these segments to position `end`.
    pub(crate) fn new(folder: Arc<dyn Folder>, segments: Vec<u64>, end: u64) -> Steps {
        Steps {
            folder,
            position: segments.first().copied().unwrap_or(end),
            segments: segments.into_iter(),
            segment: None,
            segment_first: end,
            start: None,
            notes: None,
            read_ahead: None,
            offset: 0,
            previous: None,
            end,
            block_offset: 0,
        }
    }

    /// The same, begun inside the first segment.
    pub(crate) fn starting(mut self, start: Option<Start>) -> Steps {
        if let Some(start) = start {
            self.position = start.position;
        }
        self.start = start;
        self
    }
    /// The same; the places of blocks are noted on the way.
    pub(crate) fn noting(mut self, known: Shared) -> Steps {
        self.notes = Some(known);
        self
    }
    /// The same; so many bytes are read at a time.
    pub(crate) fn reading_ahead(mut self, bytes: Option<usize>) -> Steps {
        self.read_ahead = bytes;
        self
    }

    /// The header of the next block; `None` at the end, and after an error.
    pub(crate) fn next_header(&mut self) -> Option<Result<Header, LogError>> {
        let header = self.step();
        if !matches!(header, Ok(Some(_))) {
            self.end = self.position;
            self.segments = Vec::new().into_iter();
        }
        header.transpose()
    }

    fn step(&mut self) -> Result<Option<Header>, LogError> {
        if self.position >= self.end {
            return Ok(None);
        }
        loop {
            if self.segment.is_none() {
                match self.segments.next() {
                    Some(first) => self.enter(first)?,
                    None => {
                        // The last segment was walked and the log should go on.
                        let file = self.folder.path().to_owned();
                        return Err(LogError::Missing { file, position: self.position });
                    }
                }
            }
            let Some(segment) = &mut self.segment else { continue };
            let next_first = self.segments.as_slice().first().copied();
            if next_first == Some(self.position) {
                self.segment = None;
                continue;
            }
            let header = Header::decode(segment.bytes(self.offset, HEADER_BYTES)?);
            let header = header.and_then(|header| {
                let follows =
                    header.first == self.position && self.previous.is_none_or(|p| p == header.previous);
                let ends = header.end() <= next_first.unwrap_or(self.end);
                if follows && ends { Ok(header) } else { Err(Flaw::Chain) }
            });
            let header = header.map_err(|flaw| segment.damaged(self.offset, self.position, flaw))?;
            self.previous = Some(header.hash());
            self.position = header.end();
            self.block_offset = self.offset;
            if let Some(known) = &self.notes {
                held(known).mark(header.first, self.segment_first, self.offset);
            }
            self.offset += header.block_bytes() as u64;
            return Ok(Some(header));
        }
    }

    fn enter(&mut self, first: u64) -> Result<(), LogError> {
        let (mut segment, before) = SegmentFile::open(&self.folder, first)?;
        if let Some(bytes) = self.read_ahead {
            segment.read_ahead(bytes);
        }
        self.segment_first = first;
        if let Some(start) = self.start.take() {
            self.offset = start.offset;
            self.segment = Some(segment);
            return Ok(());
        }
        let follows = before.position == self.position && self.previous.is_none_or(|p| p == before.hash);
        if !follows {
            return Err(segment.damaged(0, self.position, FileFlaw::Order));
        }
        self.previous = Some(before.hash);
        self.offset = SEGMENT_HEADER_BYTES as u64;
        self.segment = Some(segment);
        Ok(())
    }

    /// The block of the header that came last.
    pub(crate) fn block(&mut self, header: &Header, unpacker: &mut Unpacker) -> Result<Block, LogError> {
        debug_assert!(header.stored_bytes as usize <= BLOCK_BYTES_MAX, "the header was checked");
        let segment = self.segment.as_mut().expect("the header was read from this segment");
        let bytes = segment.bytes(self.block_offset, header.block_bytes())?;
        unpacker.decode(bytes).map_err(|flaw| {
            self.end = self.position;
            self.segments = Vec::new().into_iter();
            segment.damaged(self.block_offset, header.first, flaw)
        })
    }
}
