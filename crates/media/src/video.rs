//! What the video codecs share: limits on what a header may claim, and the parts H.264 and H.265 write alike.

use crate::Error;
use crate::bits::BitReader;

/// Longest side of a picture in samples. More than any level of H.264 (16 880) or H.265 allows.
pub(crate) const SIDE_MAX: u32 = 32_768;

/// Above this a stated frame rate is a mistake of the encoder.
const FRAME_RATE_MAX: f64 = 1000.0;

/// `timescale / ticks_per_picture`, when that is a rate somebody could mean.
pub(crate) fn frame_rate(timescale: u64, ticks_per_picture: u64) -> Option<f64> {
    if timescale == 0 || ticks_per_picture == 0 {
        return None;
    }
    let rate = timescale as f64 / ticks_per_picture as f64;
    (rate <= FRAME_RATE_MAX).then_some(rate)
}

/// A side of a picture, refused when it is beyond [`SIDE_MAX`].
pub(crate) fn check_side(what: &'static str, value: u64) -> Result<u32, Error> {
    u32::try_from(value).ok().filter(|&side| side <= SIDE_MAX).ok_or(Error::Limit {
        what,
        value,
        max: u64::from(SIDE_MAX),
    })
}

/// What is cut off each side of the coded picture, in units the chroma format decides.
pub(crate) struct Cropping {
    left: u32,
    right: u32,
    top: u32,
    bottom: u32,
}

impl Cropping {
    /// A flag, and four offsets if it is set (H.264 §7.3.2.1.1, H.265 §7.3.2.2.1).
    pub(crate) fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        if !bits.flag()? {
            return Ok(Self { left: 0, right: 0, top: 0, bottom: 0 });
        }
        Ok(Self { left: bits.ue()?, right: bits.ue()?, top: bits.ue()?, bottom: bits.ue()? })
    }

    /// Width and height of what is left of `coded`, a width and a height.
    pub(crate) fn apply(
        &self,
        coded: (u32, u32),
        unit: (u32, u32),
        section: &'static str,
    ) -> Result<(u32, u32), Error> {
        let cut = |side: u32, a: u32, b: u32, unit: u32, what: &'static str| {
            let cropped = (u64::from(a) + u64::from(b)) * u64::from(unit);
            let left = u64::from(side).checked_sub(cropped).filter(|&left| left > 0);
            let expected = "less than the coded side";
            let left = left.ok_or(Error::Invalid { what, value: cropped, expected, section })?;
            check_side("side of a picture in samples", left)
        };
        Ok((
            cut(coded.0, self.left, self.right, unit.0, "horizontal cropping")?,
            cut(coded.1, self.top, self.bottom, unit.1, "vertical cropping")?,
        ))
    }
}

/// The fields with which the VUI of H.264 (§E.1.1) and of H.265 (§E.2.1) begins: aspect ratio, overscan, signal type,
/// chroma sample location.
pub(crate) fn skip_vui_appearance(bits: &mut BitReader<'_>) -> Result<(), Error> {
    const EXTENDED_SAR: u32 = 255;
    if bits.flag()? && bits.bits(8)? == EXTENDED_SAR {
        bits.skip(32)?;
    }
    if bits.flag()? {
        bits.skip(1)?; // overscan_appropriate_flag
    }
    if bits.flag()? {
        bits.skip(4)?; // video_format, video_full_range_flag
        if bits.flag()? {
            bits.skip(24)?; // colour_primaries, transfer_characteristics, matrix_coefficients
        }
    }
    if bits.flag()? {
        bits.ue()?;
        bits.ue()?;
    }
    Ok(())
}
