//! The receiving half of a connection: decoder, assembler, inflater and text validation in order.
//!
//! Independent of the phase: reports each result, and stops after a close frame or a violation.

use super::assembler::Assembler;
use super::decoder::Decoder;
use super::incoming::{Arrived, ArrivedFrame, Incoming, Place, meaning};
use super::transformer::Transformer;
use crate::error::ProtocolError;
use crate::extension::deflate::{Progress, RSV as COMPRESSED};
use crate::frame::mask::{mask, unmask_text};
use crate::frame::{FrameHeader, FrameStart, Rsv};
use crate::inbox::{Inbox, Taken};
use crate::output::{Frame, Kind, Message, Transform};
use crate::policy::{Delivery, Policy, TextCheck};
use crate::utf8::is_utf8;

/// The receiving half of a connection.
#[derive(Debug)]
pub(crate) struct Receiver {
    inbox: Inbox,
    decoder: Decoder,
    /// While there is a message that is not in the inbox.
    assembler: Option<Box<Assembler>>,
    /// The number of unprocessed bytes in the room of the assembler. They precede those of the inbox.
    in_room: usize,
    state: State,
    /// The reserved bits of the current message's first frame.
    rsv: Rsv,
    text: TextCheck,
    delivery: Delivery,
    max_fragments: Option<u32>,
}

#[derive(Debug)]
enum State {
    Header,
    /// Inside an incomplete data frame.
    Payload {
        header: FrameHeader,
        received: u64,
    },
    /// Inside a frame that violates a rule. Its payload is discarded, and the violation is reported
    /// at the end of the frame.
    Doomed {
        violation: ProtocolError,
        missing: u64,
    },
    /// Between two slices of a large message.
    Inflating(Kind),
    /// After a close frame or a violation. Received bytes are discarded.
    Ended,
}

impl Receiver {
    /// Creates a receiver. `inbox` contains the bytes that arrived with the handshake.
    pub(crate) fn new(policy: &Policy, reserved: Rsv, inbox: Inbox) -> Self {
        Self {
            inbox,
            decoder: Decoder::new(policy, reserved),
            assembler: None,
            in_room: 0,
            state: State::Header,
            rsv: Rsv::default(),
            text: policy.text,
            delivery: policy.delivery,
            max_fragments: policy.max_fragments,
        }
    }

    /// Stores received bytes without decoding them: those of a long message in its memory, others in the inbox.
    pub(crate) fn receive(&mut self, bytes: &[u8], transformer: &Transformer) {
        if matches!(self.state, State::Ended) {
            return;
        }
        let stored = self.store_in_message(bytes, transformer);
        match bytes.get(stored..) {
            Some([]) if stored > 0 => {}
            rest => self.inbox.push(rest.unwrap_or_default()),
        }
    }

    /// Stores the payload of an incomplete data frame in the memory of its message, which saves a copy through the
    /// inbox. The header of that frame may be at the front of `bytes`. Returns the number of stored bytes, including
    /// the header: 0 if other bytes precede them, or if [`advance`](Self::advance) must report a violation.
    fn store_in_message(&mut self, bytes: &[u8], transformer: &Transformer) -> usize {
        if self.in_room > 0 || !self.inbox.is_free() || self.delivery == Delivery::Frames {
            return 0;
        }
        let (header, received, size) = match self.state {
            State::Payload { header, received } => (header, received, 0),
            State::Header => match self.long_header(bytes) {
                Some((header, size)) => (header, 0, size),
                None => return 0,
            },
            _ => return 0,
        };
        let payload = bytes.get(size..).unwrap_or_default();
        let missing = usize::try_from(header.length - received).unwrap_or(usize::MAX);
        let piece = payload.get(..missing).unwrap_or(payload);
        if size > 0 {
            self.begin_payload(header, transformer);
        }
        if self
            .assembler
            .get_or_insert_default()
            .store(piece, missing)
            .is_err()
        {
            // The inbox reports the lack of memory.
            return size;
        }
        self.in_room = piece.len();
        size + piece.len()
    }

    /// Returns the header at the front of `bytes` and its size, if it is the header of a valid data frame of which
    /// they contain a long part and not the end.
    fn long_header(&self, bytes: &[u8]) -> Option<(FrameHeader, usize)> {
        if bytes.len() < LONG {
            return None;
        }
        let unfinished = self.unfinished();
        let (header, size) = self.decoder.header(bytes, unfinished).ok()??;
        self.decoder.check_frame(&header, unfinished).ok()?;
        let is_incomplete = header.length > (bytes.len() - size) as u64;
        (is_incomplete && !header.start.opcode.is_control()).then_some((header, size))
    }

    /// Lets `read` write received bytes, and stores them without decoding. `read` returns their number. The rest of a
    /// long frame goes into the memory of its message, other bytes into the inbox.
    pub(crate) fn read<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        if let State::Payload { header, received } = self.state
            && self.in_room == 0
            && self.inbox.is_free()
            && let Ok(missing) = usize::try_from(header.length - received)
            && missing >= LONG
            && let Some(assembler) = &mut self.assembler
            && let Ok(room) = assembler.room(missing)
            && room.len() >= LONG
        {
            let most = room.len();
            self.in_room = read(room)?.min(most);
            return Ok(self.in_room);
        }
        let result = self.inbox.read(read);
        if matches!(self.state, State::Ended) {
            self.inbox.clear();
        }
        result
    }

    /// Moves unread bytes to memory of their size, because they may stay for an unlimited time.
    pub(crate) fn settle(&mut self) {
        self.inbox.settle();
    }

    /// Returns the next result, or `None` until more bytes arrive.
    pub(crate) fn advance(&mut self, transformer: &mut Transformer) -> Option<Incoming> {
        match self.step(transformer) {
            Ok(Some(Incoming::Close(payload))) => {
                self.release(transformer);
                Some(Incoming::Close(payload))
            }
            Ok(None) if self.inbox.is_cut() => {
                self.release(transformer);
                Some(Incoming::Violation(ProtocolError::NoMemory))
            }
            Ok(None) => {
                self.inbox.release();
                self.assembler.take_if(|assembler| assembler.release());
                if let Transformer::Deflate(deflate) = transformer {
                    deflate.inflater.release_output();
                }
                None
            }
            Ok(incoming) => incoming,
            Err(violation) => {
                self.release(transformer);
                Some(Incoming::Violation(violation))
            }
        }
    }

    /// Returns whether received bytes are still unprocessed.
    pub(crate) fn has_unread(&self) -> bool {
        matches!(self.state, State::Inflating(_))
            || self.in_room > 0
            || !self.inbox.unread().is_empty()
            || self.inbox.is_cut()
    }

    /// Returns whether the next received byte begins a frame.
    pub(crate) fn is_between_frames(&self) -> bool {
        matches!(self.state, State::Header) && !self.has_unread()
    }

    /// Stops decoding and releases all memory.
    pub(crate) fn release(&mut self, transformer: &mut Transformer) {
        self.state = State::Ended;
        self.in_room = 0;
        self.inbox.clear();
        self.assembler = None;
        if let Transformer::Deflate(deflate) = transformer {
            deflate.inflater.release();
        }
    }

    /// Returns a message that [`advance`](Self::advance) has just reported.
    pub(crate) fn message<'a>(
        &'a self,
        arrived: Arrived,
        transformer: &'a Transformer,
    ) -> Message<'a> {
        let payload = match arrived.place {
            Place::Inbox(taken) => self.inbox.taken(taken),
            Place::Assembler => self.assembled(),
            Place::Inflater => transformer.inflated(),
        };
        let cuts = (self.delivery == Delivery::Fragments).then_some(match arrived.place {
            Place::Assembler => self
                .assembler
                .as_ref()
                .map_or(&[][..], |assembler| assembler.cuts()),
            Place::Inbox(_) | Place::Inflater => &[],
        });
        Message {
            kind: arrived.kind,
            payload,
            cuts,
            is_ascii: arrived.is_ascii,
        }
    }

    /// Returns the message in the assembler.
    fn assembled(&self) -> &[u8] {
        let assembler = self.assembler.as_ref();
        assembler.map_or(&[][..], |assembler| assembler.payload())
    }

    /// Returns the length of an incomplete message, and `None` between messages.
    #[inline]
    fn unfinished(&self) -> Option<usize> {
        self.assembler.as_ref()?.unfinished()
    }

    /// Returns a frame that [`advance`](Self::advance) has just reported.
    pub(crate) fn frame(&self, arrived: ArrivedFrame) -> Frame<'_> {
        Frame {
            start: arrived.start,
            masked: arrived.masked,
            payload: self.inbox.taken(arrived.taken),
        }
    }

    /// Returns the meaning of a control frame after its delivery as a frame.
    pub(crate) fn meaning_of(&self, arrived: ArrivedFrame) -> Option<Incoming> {
        let payload = self.inbox.taken(arrived.taken);
        meaning(arrived.start.opcode, payload.to_vec())
    }

    /// Returns the same message before its transformation.
    pub(crate) fn raw_message<'a>(
        &'a self,
        arrived: Arrived,
        transformer: &'a Transformer,
    ) -> Transform<'a> {
        let Message { kind, payload, .. } = self.message(arrived, transformer);
        Transform {
            kind,
            payload,
            rsv: arrived.rsv,
        }
    }

    fn step(&mut self, transformer: &mut Transformer) -> Result<Option<Incoming>, ProtocolError> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Inflating(kind) => {
                    let progress = transformer.next_slice()?;
                    return self.inflated(kind, progress, transformer).map(Some);
                }
                State::Payload { header, received } => {
                    if !self.continue_payload(header, received)? {
                        if !self.inbox.unread().is_empty() {
                            continue;
                        }
                        return Ok(None);
                    }
                    let records_ends = self.delivery == Delivery::Fragments;
                    let assembler = self.assembler.get_or_insert_default();
                    assembler.end_frame(self.max_fragments, records_ends)?;
                    if header.start.fin {
                        let kind = assembler.finish()?;
                        if let Some(inflater) = transformer.inflater(self.rsv) {
                            let progress = inflater.start(assembler.payload())?;
                            return self.inflated(kind, progress, transformer).map(Some);
                        }
                        return Ok(Some(Incoming::Message(Arrived {
                            kind,
                            rsv: self.rsv,
                            place: Place::Assembler,
                            is_ascii: false,
                        })));
                    }
                }
                State::Doomed { violation, missing } => {
                    let arrived = self.inbox.unread().len();
                    let dropped = usize::try_from(missing).map_or(arrived, |all| all.min(arrived));
                    self.inbox.take(dropped);
                    let missing = missing - dropped as u64;
                    if missing == 0 {
                        return Err(violation);
                    }
                    self.state = State::Doomed { violation, missing };
                    return Ok(None);
                }
                State::Header => {
                    let unfinished = self.unfinished();
                    let Some((header, size)) =
                        self.decoder.header(self.inbox.unread(), unfinished)?
                    else {
                        return Ok(None);
                    };
                    match self.decoder.check_frame(&header, unfinished) {
                        Ok(()) => {}
                        // Refuses a message that is too large without waiting for its payload.
                        Err(ProtocolError::TooLarge) => return Err(ProtocolError::TooLarge),
                        Err(violation) => {
                            self.inbox.take(size);
                            let missing = header.length;
                            self.state = State::Doomed { violation, missing };
                            continue;
                        }
                    }
                    if self.delivery == Delivery::Frames {
                        let has_arrived = self.has_arrived(header, size);
                        return Ok(has_arrived.then(|| self.whole_frame(header, size)));
                    }
                    if header.start.opcode.is_control() {
                        return Ok(self.control(header, size));
                    }
                    if let Some(message) = self.whole_message(header, size, transformer)? {
                        return Ok(Some(message));
                    }
                }
            }
        }
    }

    /// Returns a control frame when it is complete. Its payload is too short for incremental
    /// processing.
    fn control(&mut self, header: FrameHeader, size: usize) -> Option<Incoming> {
        if !self.has_arrived(header, size) {
            return None;
        }
        let taken = self.take(header, size);
        meaning(header.start.opcode, self.inbox.taken(taken).to_vec())
    }

    fn whole_frame(&mut self, header: FrameHeader, size: usize) -> Incoming {
        Incoming::Frame(ArrivedFrame {
            start: header.start,
            masked: header.masking_key.is_some(),
            taken: self.take(header, size),
        })
    }

    fn has_arrived(&self, header: FrameHeader, size: usize) -> bool {
        let payload = self.inbox.unread().len().checked_sub(size);
        payload.is_some_and(|arrived| header.length <= arrived as u64)
    }

    /// Takes a complete frame and unmasks its payload.
    fn take(&mut self, header: FrameHeader, size: usize) -> Taken {
        self.inbox.take(size);
        let length = usize::try_from(header.length).unwrap_or(usize::MAX);
        let taken = self.inbox.take(length);
        if let Some(key) = header.masking_key {
            mask(self.inbox.taken_mut(taken), key, 0);
        }
        taken
    }

    /// Returns the message of a complete unfragmented frame, without a copy. Any other data frame
    /// goes to the assembler.
    #[inline]
    fn whole_message(
        &mut self,
        header: FrameHeader,
        size: usize,
        transformer: &mut Transformer,
    ) -> Result<Option<Incoming>, ProtocolError> {
        self.inbox.take(size);
        let arrived = self.inbox.unread().len();
        let FrameStart { fin, rsv, opcode } = header.start;
        let kind = Kind::of(opcode);
        if let (Some(kind), true, Ok(length)) = (kind, fin, usize::try_from(header.length))
            && length <= arrived
        {
            let taken = self.inbox.take(length);
            let is_ascii = match (kind, header.masking_key) {
                (Kind::Text, Some(key)) => unmask_text(self.inbox.taken_mut(taken), key),
                (Kind::Text, None) => self.inbox.taken(taken).is_ascii(),
                (Kind::Binary, Some(key)) => {
                    mask(self.inbox.taken_mut(taken), key, 0);
                    false
                }
                (Kind::Binary, None) => false,
            };
            if let Some(inflater) = transformer.inflater(rsv) {
                let progress = inflater.start(self.inbox.taken(taken))?;
                return self.inflated(kind, progress, transformer).map(Some);
            }
            let is_text = kind == Kind::Text && !transformer.has_sessions();
            let is_checked = is_text && self.text != TextCheck::Never;
            if is_checked && !is_ascii && !is_utf8(self.inbox.taken(taken)) {
                return Err(ProtocolError::InvalidUtf8);
            }
            return Ok(Some(Incoming::Message(Arrived {
                kind,
                rsv,
                place: Place::Inbox(taken),
                is_ascii,
            })));
        }
        self.begin_payload(header, transformer);
        Ok(None)
    }

    /// Begins a data frame that goes to the assembler.
    fn begin_payload(&mut self, header: FrameHeader, transformer: &Transformer) {
        let FrameStart { rsv, opcode, .. } = header.start;
        if let Some(kind) = Kind::of(opcode) {
            self.rsv = rsv;
            // Text is validated after its transformation.
            let check = match transformer.transforms(rsv) {
                true => TextCheck::Never,
                false => self.text,
            };
            self.assembler.get_or_insert_default().begin(kind, check);
        }
        self.state = State::Payload {
            header,
            received: 0,
        };
    }

    fn inflated(
        &mut self,
        kind: Kind,
        progress: Progress,
        transformer: &Transformer,
    ) -> Result<Incoming, ProtocolError> {
        if progress == Progress::Unfinished {
            self.state = State::Inflating(kind);
            return Ok(Incoming::Unfinished);
        }
        self.state = State::Header;
        let arrived = Arrived {
            kind,
            rsv: COMPRESSED,
            place: Place::Inflater,
            is_ascii: false,
        };
        let is_checked = kind == Kind::Text && self.text != TextCheck::Never;
        if is_checked && !is_utf8(transformer.inflated()) {
            return Err(ProtocolError::InvalidUtf8);
        }
        Ok(Incoming::Message(arrived))
    }

    /// Moves the received part of a data frame into its message. Returns true when the frame is
    /// complete.
    fn continue_payload(
        &mut self,
        header: FrameHeader,
        received: u64,
    ) -> Result<bool, ProtocolError> {
        // The masking key repeats every four bytes.
        let (key, offset) = (header.masking_key, (received % 4) as usize);
        let in_room = std::mem::take(&mut self.in_room);
        if in_room > 0 {
            let assembler = self.assembler.get_or_insert_default();
            assembler.received(in_room, key, offset)?;
            let received = received + in_room as u64;
            return Ok(self.end_piece(header, received));
        }
        let missing = usize::try_from(header.length - received).unwrap_or(usize::MAX);
        let piece = self.inbox.take(missing.min(self.inbox.unread().len()));
        let piece = self.inbox.taken(piece);
        let assembler = self.assembler.get_or_insert_default();
        assembler.append(piece, key, offset, missing)?;
        let received = received + piece.len() as u64;
        Ok(self.end_piece(header, received))
    }

    /// Notes the received length of a data frame. Returns true when the frame is complete.
    fn end_piece(&mut self, header: FrameHeader, received: u64) -> bool {
        let complete = received == header.length;
        self.state = if complete {
            State::Header
        } else {
            State::Payload { header, received }
        };
        complete
    }
}

/// The least number of bytes that are read into the memory of their message, or with which a message begins there. Fewer
/// bytes are read together with the frames behind them, and copied.
const LONG: usize = 16 * 1024;
