//! Decoding what people upload within limits, and encoding it anew.

use super::Kind;
use crate::{Error, Result};
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use std::io::Cursor;

/// Quality of JPEG, of 100.
const JPEG_QUALITY: u8 = 85;
/// Pixels of a side at most.
const SIDE_MAX: u32 = 20_000;
/// Bytes per pixel the decoders may need: 16 bits of four channels, and as much again to work with.
const BYTES_PER_PIXEL: u64 = 16;

/// A picture as it is stored.
pub(super) struct Encoded {
    pub bytes: Vec<u8>,
    /// Of its file name.
    pub ending: &'static str,
    pub width: i64,
    pub height: i64,
}

/// The picture in `file`, in the size of its kind: JPEG, or PNG when parts of it can be seen through.
pub(super) fn anew(file: &[u8], kind: Kind, pixels_max: u64) -> Result<Encoded> {
    let picture = sized(decode(file, pixels_max)?, kind);
    let (width, height) = (i64::from(picture.width()), i64::from(picture.height()));
    let mut bytes = Vec::new();
    let is_seen_through =
        picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255);
    let (written, ending) = match is_seen_through {
        true => (picture.to_rgba8().write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png), "png"),
        false => {
            (JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&picture.to_rgb8()), "jpg")
        }
    };
    written.map_err(|error| Error::internal(&error))?;
    Ok(Encoded { bytes, ending, width, height })
}

fn decode(file: &[u8], pixels_max: u64) -> Result<DynamicImage> {
    let unknown = || Error::invalid("image_format", "The file is no picture; JPEG, PNG or WebP is expected.");
    let broken = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => too_large(pixels_max),
        _ => Error::invalid("image_broken", "The picture is broken and cannot be read."),
    };
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().map_err(|_| unknown())?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(unknown());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(pixels_max.saturating_mul(BYTES_PER_PIXEL));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > pixels_max {
        return Err(too_large(pixels_max));
    }
    let orientation = decoder.orientation().map_err(broken)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn too_large(pixels_max: u64) -> Error {
    let message = format!("The picture has too many pixels; {pixels_max} are the most (images.pixels_max).");
    Error::too_large("image_too_large", message)
}

fn sized(picture: DynamicImage, kind: Kind) -> DynamicImage {
    match kind {
        Kind::Avatar => picture.resize_to_fill(256, 256, FilterType::Triangle),
        Kind::Cover => within(picture, 1280, 720),
        Kind::Gift => within(picture, 256, 256),
    }
}

/// Smaller when it must be, never larger.
fn within(picture: DynamicImage, width: u32, height: u32) -> DynamicImage {
    if picture.width() <= width && picture.height() <= height {
        return picture;
    }
    picture.resize(width, height, FilterType::Triangle)
}
