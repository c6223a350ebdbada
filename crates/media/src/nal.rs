//! NAL units of H.264 and H.265 in both dresses: behind a length (ISO/IEC 14496-15 §5.3.4.2, as FLV and MP4 carry
//! them) and behind start codes (H.264 and H.265 Annex B, as MPEG-TS carries them).
//!
//! Which dress a payload wears is always known from where it came; nothing here guesses.

use crate::Error;
use bytes::Bytes;

/// The NAL units of a payload in which each stands behind a big-endian length of `length_size` bytes
/// (1, 2 or 4, as the decoder config says). Empty units are passed over; after an error nothing follows.
pub fn length_prefixed(payload: &[u8], length_size: u8) -> LengthPrefixed<'_> {
    LengthPrefixed { rest: payload, length_size: usize::from(length_size) }
}

/// See [`length_prefixed`].
#[derive(Clone, Debug)]
pub struct LengthPrefixed<'a> {
    rest: &'a [u8],
    length_size: usize,
}

impl<'a> LengthPrefixed<'a> {
    fn split(&self) -> Result<(&'a [u8], &'a [u8]), Error> {
        let truncated = Error::Truncated { what: "a length-prefixed NAL unit (14496-15 §5.3.4.2)" };
        let (prefix, rest) = self.rest.split_at_checked(self.length_size).ok_or(truncated.clone())?;
        let length = prefix.iter().fold(0u64, |length, &byte| (length << 8) | u64::from(byte));
        let length = usize::try_from(length).map_err(|_| truncated.clone())?;
        rest.split_at_checked(length).ok_or(truncated)
    }
}

impl<'a> Iterator for LengthPrefixed<'a> {
    type Item = Result<&'a [u8], Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if !matches!(self.length_size, 1 | 2 | 4) {
            self.rest = &[];
            let value = std::mem::replace(&mut self.length_size, 4) as u64;
            return Some(Err(length_size_error(value)));
        }
        while !self.rest.is_empty() {
            match self.split() {
                Ok((nal, rest)) => {
                    self.rest = rest;
                    if !nal.is_empty() {
                        return Some(Ok(nal));
                    }
                }
                Err(error) => {
                    self.rest = &[];
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// The NAL units of a byte stream in Annex B form: what stands between start codes, without them and without the
/// zeros before them. What comes before the first start code is passed over.
pub fn annex_b(bytes: &[u8]) -> AnnexB<'_> {
    AnnexB { rest: after_start_code(bytes) }
}

/// See [`annex_b`].
#[derive(Clone, Debug)]
pub struct AnnexB<'a> {
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for AnnexB<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest?;
            let (nal, after) = match find_start_code(rest) {
                Some(at) => {
                    let (nal, after) = rest.split_at_checked(at)?;
                    (nal, after.get(START_CODE_BYTES..))
                }
                None => (rest, None),
            };
            self.rest = after;
            // A NAL unit never ends in a zero byte (H.264 §7.4.1): those belong to the start code that follows.
            let nal = trim_zeros(nal);
            if !nal.is_empty() {
                return Some(nal);
            }
        }
    }
}

/// Whether `value` is a size a NAL unit's length can have, for the records that state it.
pub(crate) fn check_length_size(value: u8) -> Result<u8, Error> {
    match value {
        1 | 2 | 4 => Ok(value),
        _ => Err(length_size_error(u64::from(value))),
    }
}

/// Takes a parameter set behind its 16-bit length out of a decoder configuration record, sharing its bytes.
pub(crate) fn read_parameter_set(record: &Bytes, at: &mut usize, what: &'static str) -> Result<Bytes, Error> {
    let Some([high, low, rest @ ..]) = record.get(*at..) else {
        return Err(Error::Truncated { what });
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let nal = rest.get(..length).ok_or(Error::Truncated { what })?;
    *at += 2 + length;
    Ok(record.slice_ref(nal))
}

fn length_size_error(value: u64) -> Error {
    Error::Invalid {
        what: "size of a NAL unit length",
        value,
        expected: "1, 2 or 4",
        section: "ISO/IEC 14496-15 §5.3.3.1",
    }
}

fn trim_zeros(mut nal: &[u8]) -> &[u8] {
    while let Some(shorter) = nal.strip_suffix(&[0]) {
        nal = shorter;
    }
    nal
}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(find_start_code(bytes)?.checked_add(START_CODE_BYTES)?..)
}

/// Where the next 00 00 01 begins.
fn find_start_code(bytes: &[u8]) -> Option<usize> {
    let mut at = 0usize;
    // A start code can end at `at + 2` only if that byte is 1, or at one of the next two if it is 0.
    loop {
        match bytes.get(at..)? {
            [0, 0, 1, ..] => return Some(at),
            [_, _, 0 | 1, ..] => at += 1,
            [_, _, _, ..] => at += 3,
            _ => return None,
        }
    }
}

const START_CODE_BYTES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units_of_256_to_511_bytes_are_not_taken_for_start_codes() {
        // The length 00 00 01 04 looks like a start code; other servers have fallen for it.
        let mut payload = vec![0, 0, 1, 4];
        payload.extend([0x65; 0x104]);
        let nals: Vec<_> = length_prefixed(&payload, 4).collect();
        assert_eq!(nals, [Ok(&[0x65; 0x104][..])]);
    }

    #[test]
    fn every_length_size_is_read_and_others_are_refused() {
        assert_eq!(length_prefixed(&[1, 9, 2, 8, 7], 1).collect::<Vec<_>>(), [Ok(&[9][..]), Ok(&[8, 7][..])]);
        assert_eq!(length_prefixed(&[0, 1, 9, 0, 0], 2).collect::<Vec<_>>(), [Ok(&[9][..])]);
        assert_eq!(length_prefixed(&[0, 0, 1, 9], 3).collect::<Vec<_>>(), [Err(length_size_error(3))]);
    }

    #[test]
    fn a_length_beyond_the_payload_is_an_error_and_the_last_item() {
        let items: Vec<_> = length_prefixed(&[0, 0, 0, 1, 9, 0xff, 0xff, 0xff, 0xff, 1], 4).collect();
        assert!(matches!(items[..], [Ok([9]), Err(Error::Truncated { .. })]));
    }

    #[test]
    fn three_and_four_byte_start_codes_and_trailing_zeros() {
        let bytes = [7, 0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 6, 5, 0, 0, 0, 0, 1, 0x65, 1, 0, 0];
        assert_eq!(annex_b(&bytes).collect::<Vec<_>>(), [&[9, 0xf0][..], &[6, 5], &[0x65, 1]]);
        assert_eq!(annex_b(&[1, 2, 3]).count(), 0);
        assert_eq!(annex_b(&[0, 0, 1]).count(), 0);
    }

    proptest! {
        #[test]
        fn annex_b_gives_back_what_was_joined_with_start_codes(
            nals in proptest::collection::vec(proptest::collection::vec(2u8.., 1..40), 0..8),
            long in any::<bool>(),
        ) {
            let mut bytes = Vec::new();
            for nal in &nals {
                bytes.extend_from_slice(if long { &[0, 0, 0, 1] } else { &[0, 0, 1] });
                bytes.extend_from_slice(nal);
            }
            prop_assert_eq!(annex_b(&bytes).map(<[u8]>::to_vec).collect::<Vec<_>>(), nals);
        }

        #[test]
        fn any_bytes_are_walked_to_an_end(bytes in proptest::collection::vec(0u8..4, 0..64), size in 0u8..6) {
            prop_assert!(annex_b(&bytes).map(<[u8]>::len).sum::<usize>() <= bytes.len());
            prop_assert!(length_prefixed(&bytes, size).flatten().map(<[u8]>::len).sum::<usize>() <= bytes.len());
        }
    }
}
