//! Boxes and full boxes (ISO/IEC 14496-12 §4.2), written and read.

use crate::Error;
use bytes::{BufMut, BytesMut};
use std::fmt;

/// The four characters that name a box, a sample entry or a brand.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FourCc(pub [u8; 4]);

impl fmt::Display for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

impl fmt::Debug for FourCc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Appends a box whose body `write_body` appends. The body has to be smaller than 4 GiB.
pub(crate) fn put_box(out: &mut BytesMut, kind: &[u8; 4], write_body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_u32(0);
    out.put_slice(kind);
    write_body(out);
    let size = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
}

/// Appends a full box.
pub(crate) fn put_full_box(
    out: &mut BytesMut,
    kind: &[u8; 4],
    version: u8,
    flags: u32,
    write_body: impl FnOnce(&mut BytesMut),
) {
    put_box(out, kind, |out| {
        out.put_u32(u32::from(version) << 24 | flags & 0x00ff_ffff);
        write_body(out);
    });
}

/// How a box begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BoxHeader {
    pub(crate) kind: FourCc,
    pub(crate) header_bytes: u64,
    pub(crate) body_bytes: u64,
}

impl BoxHeader {
    /// Reads the header at the start of `bytes`; `None` when it is cut off. `container_bytes` is what the container still has from there: a box may say that it is the last one.
    pub(crate) fn parse(bytes: &[u8], container_bytes: u64) -> Result<Option<Self>, Error> {
        let Some((&[s0, s1, s2, s3, k0, k1, k2, k3], rest)) = bytes.split_first_chunk() else {
            return Ok(None);
        };
        let kind = FourCc([k0, k1, k2, k3]);
        let (header_bytes, size) = match u32::from_be_bytes([s0, s1, s2, s3]) {
            0 => (8, container_bytes),
            1 => match rest.first_chunk() {
                Some(size) => (16, u64::from_be_bytes(*size)),
                None => return Ok(None),
            },
            size => (8, u64::from(size)),
        };
        let body_bytes = size.checked_sub(header_bytes).ok_or(Error::Invalid {
            kind,
            what: "size",
            value: size,
            expected: "at least the bytes of its header",
            section: "ISO/IEC 14496-12 §4.2",
        })?;
        Ok(Some(Self { kind, header_bytes, body_bytes }))
    }
}

/// The boxes in the body of another one.
pub(crate) struct Boxes<'a> {
    rest: &'a [u8],
}

impl<'a> Boxes<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Self {
        Self { rest: body }
    }

    /// How many bytes are still to be read.
    pub(crate) fn bytes_left(&self) -> usize {
        self.rest.len()
    }

    fn read(&mut self) -> Result<Option<(FourCc, &'a [u8])>, Error> {
        // Fewer bytes than a header are padding, as QuickTime ends its lists with a zero.
        let Some(header) = BoxHeader::parse(self.rest, self.rest.len() as u64)? else { return Ok(None) };
        let mut fields = Fields::new(header.kind, self.rest);
        fields.skip(usize::try_from(header.header_bytes).unwrap_or(usize::MAX))?;
        let body = fields.bytes(usize::try_from(header.body_bytes).unwrap_or(usize::MAX))?;
        self.rest = fields.rest();
        Ok(Some((header.kind, body)))
    }
}

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<(FourCc, &'a [u8]), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.read().transpose();
        if !matches!(item, Some(Ok(_))) {
            self.rest = &[];
        }
        item
    }
}

/// The body of the first box of a kind.
pub(crate) fn find<'a>(body: &'a [u8], kind: &[u8; 4]) -> Result<Option<&'a [u8]>, Error> {
    for item in Boxes::new(body) {
        let (found, body) = item?;
        if found.0 == *kind {
            return Ok(Some(body));
        }
    }
    Ok(None)
}

/// The body of the first box of a kind, which has to be there; `parent` names where.
pub(crate) fn need<'a>(body: &'a [u8], kind: &[u8; 4], parent: &'static str) -> Result<&'a [u8], Error> {
    find(body, kind)?.ok_or(Error::Missing { kind: FourCc(*kind), parent })
}

/// A cursor over the fields of a box.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    kind: FourCc,
}

impl<'a> Fields<'a> {
    /// `kind` names the box in errors.
    pub(crate) fn new(kind: FourCc, body: &'a [u8]) -> Self {
        Self { rest: body, kind }
    }

    /// Begins with the version and flags of a full box, and returns them.
    pub(crate) fn full(kind: &[u8; 4], body: &'a [u8]) -> Result<(u8, u32, Self), Error> {
        let mut fields = Self::new(FourCc(*kind), body);
        let version_and_flags = fields.u32()?;
        Ok(((version_and_flags >> 24) as u8, version_and_flags & 0x00ff_ffff, fields))
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Error::Truncated { what: self.kind })?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Error::Truncated { what: self.kind })?;
        self.rest = rest;
        Ok(*array)
    }

    pub(crate) fn skip(&mut self, count: usize) -> Result<(), Error> {
        self.bytes(count).map(|_| ())
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(crate) fn four_cc(&mut self) -> Result<FourCc, Error> {
        Ok(FourCc(self.array()?))
    }

    /// A field that grew from 32 to 64 bits in version 1 of its box.
    pub(crate) fn u32_or_u64(&mut self, version: u8) -> Result<u64, Error> {
        if version == 1 { self.u64() } else { self.u32().map(u64::from) }
    }
}
