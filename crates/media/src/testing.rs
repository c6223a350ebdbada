//! Helpers of the tests.

use bytes::Bytes;

/// Bytes written as hexadecimal digits; blanks are passed over.
pub(crate) fn hex(digits: &str) -> Bytes {
    let digits: Vec<_> = digits.chars().filter_map(|digit| digit.to_digit(16)).collect();
    assert_eq!(digits.len() % 2, 0, "half a byte");
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

/// A copy of `bytes` with some bits turned over, as `(byte, bit)`; bytes beyond the end are passed over.
pub(crate) fn with_flipped_bits(bytes: &[u8], flips: &[(usize, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(at, bit) in flips {
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << (bit & 7);
        }
    }
    bytes
}
