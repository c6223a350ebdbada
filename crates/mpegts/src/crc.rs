//! The checksum of PSI sections (ISO/IEC 13818-1 annex A): CRC-32 with polynomial 0x04C11DB7, most significant bit
//! first, begun with ones, not inverted.

/// The checksum of `bytes`. Over a section with its own checksum at the end it is 0.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04c1_1db7 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue() {
        // CRC-32/MPEG-2 of the nine digits.
        assert_eq!(crc32(b"123456789"), 0x0376_e6e7);
    }
}
