use crate::stream::{Progress, Read, Start, Stream, StreamState};
use media::Packet;
use std::sync::Arc;
use tokio::sync::watch;

/// A position in a stream for a task that waits: packagers, relays, viewers behind TLS.
///
/// Media sockets that can be written without waiting are served by the gateway's writers instead, which read the
/// stream themselves.
pub struct Subscriber {
    stream: Arc<Stream>,
    progress: watch::Receiver<Progress>,
    next: Option<u64>,
}

/// What a subscriber gets at once.
#[derive(Debug)]
pub enum Batch {
    /// The first packets, or the first after falling too far behind: begin anew with these tracks.
    Start(Start, Vec<Packet>),
    /// The packets that follow.
    Packets(Vec<Packet>),
}

/// Packets in one batch at most: a whole GOP, so that who joins just before the next keyframe, when the ring lets go of
/// this one, has all of it already.
const BATCH_MAX: usize = 4096;

impl Subscriber {
    /// Begins at the last keyframe of `stream`, or at the next one.
    pub fn new(stream: Arc<Stream>) -> Self {
        let progress = stream.watch();
        Self { stream, progress, next: None }
    }

    /// The stream it reads.
    pub fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// Waits for the next packets; nothing when the stream has ended.
    pub async fn next(&mut self) -> Option<Batch> {
        loop {
            self.progress.borrow_and_update();
            if let Some(batch) = self.poll() {
                return Some(batch);
            }
            if matches!(self.stream.progress().state, StreamState::Ended(_)) {
                return None;
            }
            self.progress.changed().await.ok()?;
        }
    }

    fn poll(&mut self) -> Option<Batch> {
        let mut packets = Vec::new();
        if let Some(next) = self.next {
            match self.stream.read(next, BATCH_MAX, &mut packets) {
                Read::Next(next) => {
                    self.next = Some(next);
                    return Some(Batch::Packets(packets));
                }
                Read::UpToDate => return None,
                Read::Lagged => self.next = None,
            }
        }
        let start = self.stream.start()?;
        match self.stream.read(start.sequence, BATCH_MAX, &mut packets) {
            Read::Next(next) => {
                self.next = Some(next);
                Some(Batch::Start(start, packets))
            }
            Read::UpToDate | Read::Lagged => None,
        }
    }
}
