//! Reading bits, most significant first, as every codec header here is written.

use crate::Error;
use bytes::Bytes;

/// A cursor over bits. With [`rbsp`](Self::rbsp) it steps over the emulation prevention bytes of a NAL unit
/// (H.264 §7.3.1, H.265 §7.3.1.1), so nothing is copied.
pub(crate) struct BitReader<'a> {
    rest: &'a [u8],
    current: u8,
    left: u32,
    is_rbsp: bool,
    zeros: u8,
    what: &'static str,
}

impl<'a> BitReader<'a> {
    /// Over plain bytes; `what` names the structure in errors.
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, current: 0, left: 0, is_rbsp: false, zeros: 0, what }
    }

    /// Over the bytes of a NAL unit.
    pub(crate) fn rbsp(nal: &'a [u8], what: &'static str) -> Self {
        Self { is_rbsp: true, ..Self::new(nal, what) }
    }

    fn byte(&mut self) -> Result<u8, Error> {
        loop {
            let (&byte, rest) = self.rest.split_first().ok_or(Error::Truncated { what: self.what })?;
            self.rest = rest;
            if self.is_rbsp && byte == 3 && self.zeros >= 2 {
                self.zeros = 0;
                continue;
            }
            self.zeros = if byte == 0 { self.zeros.saturating_add(1) } else { 0 };
            return Ok(byte);
        }
    }

    /// The next `count` bits, at most 64.
    pub(crate) fn bits64(&mut self, count: u32) -> Result<u64, Error> {
        let mut value = 0u64;
        let mut missing = count.min(64);
        while missing > 0 {
            if self.left == 0 {
                self.current = self.byte()?;
                self.left = 8;
            }
            let take = missing.min(self.left);
            let shifted = u32::from(self.current) >> (self.left - take);
            let mask = (1u32 << take) - 1;
            value = (value << take) | u64::from(shifted & mask);
            self.left -= take;
            missing -= take;
        }
        Ok(value)
    }

    /// The next `count` bits, at most 32.
    pub(crate) fn bits(&mut self, count: u32) -> Result<u32, Error> {
        // Cannot truncate: at most 32 bits were read.
        self.bits64(count.min(32)).map(|value| value as u32)
    }

    /// The next `count` bits, at most 8.
    pub(crate) fn bits8(&mut self, count: u32) -> Result<u8, Error> {
        // Cannot truncate: at most 8 bits were read.
        self.bits64(count.min(8)).map(|value| value as u8)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        self.bits(1).map(|bit| bit == 1)
    }

    pub(crate) fn skip(&mut self, count: u32) -> Result<(), Error> {
        let mut left = count;
        while left > 0 {
            let step = left.min(64);
            self.bits64(step)?;
            left -= step;
        }
        Ok(())
    }

    /// Goes on to the next whole byte, counted from where the reader began.
    pub(crate) fn align(&mut self) {
        self.left = 0;
    }

    /// How many bits are left; with emulation prevention an upper bound.
    pub(crate) fn bits_left(&self) -> usize {
        self.rest.len().saturating_mul(8).saturating_add(self.left as usize)
    }

    /// Unsigned Exp-Golomb (H.264 §9.1).
    pub(crate) fn ue(&mut self) -> Result<u32, Error> {
        let mut zeros = 0u32;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(Error::Invalid {
                    what: "length of an Exp-Golomb code",
                    value: u64::from(zeros),
                    expected: "at most 31 leading zeros",
                    section: "H.264 §9.1",
                });
            }
        }
        let suffix = self.bits(zeros)?;
        Ok(((1u32 << zeros) - 1).saturating_add(suffix))
    }

    /// Signed Exp-Golomb (H.264 §9.1.1).
    pub(crate) fn se(&mut self) -> Result<i32, Error> {
        let code = self.ue()?;
        let magnitude = i32::try_from(code.div_ceil(2)).unwrap_or(i32::MAX);
        Ok(if code % 2 == 1 { magnitude } else { -magnitude })
    }

    /// An unsigned Exp-Golomb value of at most `max`; `what` names it.
    pub(crate) fn ue_max(&mut self, max: u32, what: &'static str) -> Result<u32, Error> {
        let value = self.ue()?;
        if value > max {
            return Err(Error::Limit { what, value: u64::from(value), max: u64::from(max) });
        }
        Ok(value)
    }
}

/// Writes bits, most significant first.
#[derive(Default)]
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    pending_bits: u32,
}

impl BitWriter {
    /// The low `count` bits of `value`, at most 32.
    pub(crate) fn put(&mut self, value: impl Into<u64>, count: u32) {
        let low = value.into() & ((1 << count) - 1);
        self.pending = self.pending << count | low;
        self.pending_bits += count;
        while self.pending_bits >= 8 {
            self.pending_bits -= 8;
            // The low byte of what is left of the bits that wait.
            self.bytes.push((self.pending >> self.pending_bits) as u8);
            self.pending &= (1 << self.pending_bits) - 1;
        }
    }

    /// All bytes, the last filled up with zeros.
    pub(crate) fn finish(mut self) -> Bytes {
        self.put(0u8, (8 - self.pending_bits) % 8);
        self.bytes.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_codes_of_the_specification_table() {
        // H.264 table 9-2: 1, 010, 011, 00100, 00101 are 0, 1, 2, 3, 4.
        let bytes = [0b1010_0110, 0b0100_0010, 0b1000_0000];
        let mut reader = BitReader::new(&bytes, "test");
        let values: Vec<_> = (0..5).map(|_| reader.ue().unwrap()).collect();
        assert_eq!(values, [0, 1, 2, 3, 4]);
        // And as signed values they are 0, 1, -1, 2, -2 (table 9-3).
        let mut reader = BitReader::new(&bytes, "test");
        let values: Vec<_> = (0..5).map(|_| reader.se().unwrap()).collect();
        assert_eq!(values, [0, 1, -1, 2, -2]);
    }

    #[test]
    fn emulation_prevention_bytes_are_not_read() {
        let mut reader = BitReader::rbsp(&[0, 0, 3, 1, 0, 0, 3, 0, 0, 3], "test");
        assert_eq!(reader.bits64(56).unwrap(), 0x01_0000_0000);
        assert!(reader.flag().is_err());
    }

    #[test]
    fn the_end_and_endless_zeros_are_errors_with_a_name() {
        assert_eq!(BitReader::new(&[0], "a thing").bits(9), Err(Error::Truncated { what: "a thing" }));
        assert!(matches!(BitReader::new(&[0; 8], "a thing").ue(), Err(Error::Invalid { .. })));
    }
}
