//! H.264 and H.265: one access unit in Annex B per PES packet (ISO/IEC 13818-1 §2.14.1, §2.17.1).

use super::{Output, Times};
use bytes::{BufMut, Bytes, BytesMut};
use media::{Codec, PacketKind, h264, h265, nal};

/// The parameter sets seen last.
#[derive(Debug, Default)]
pub(crate) struct VideoStream {
    vps: Vec<Bytes>,
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
    config: Bytes,
}

impl VideoStream {
    pub(super) fn push(&mut self, payload: &[u8], times: Option<Times>, out: &mut Output<'_>) {
        let Some(times) = times else { return out.drop_unit() };
        let (mut vps, mut sps, mut pps) = (Vec::new(), Vec::new(), Vec::new());
        let mut unit = BytesMut::with_capacity(payload.len() + 16);
        let mut is_keyframe = false;
        for nal in nal::annex_b(payload) {
            let Some(&header) = nal.first() else { continue };
            match Role::of(out.codec, header) {
                Role::Vps => vps.push(nal),
                Role::Sps => sps.push(nal),
                Role::Pps => pps.push(nal),
                Role::Delimiter => {}
                role => {
                    is_keyframe |= role == Role::Keyframe;
                    // Cannot truncate: a PES packet is smaller than its limit.
                    unit.put_u32(nal.len() as u32);
                    unit.put_slice(nal);
                }
            }
        }
        replace(&mut self.vps, &vps);
        replace(&mut self.sps, &sps);
        replace(&mut self.pps, &pps);
        let has_sets = !(vps.is_empty() && sps.is_empty() && pps.is_empty());
        if has_sets && !self.sps.is_empty() && !self.pps.is_empty() {
            match self.make_config(out.codec) {
                Ok(config) => out.push_config(&mut self.config, config, times),
                Err(_) => out.drop_unit(),
            }
        }
        // Nothing can be decoded before the first parameter sets: the stream was joined in the middle.
        if !unit.is_empty() && !self.config.is_empty() {
            let kind = if is_keyframe { PacketKind::Keyframe } else { PacketKind::Frame };
            out.push(kind, times, unit.freeze());
        }
    }

    fn make_config(&self, codec: Codec) -> Result<Bytes, media::Error> {
        let (vps, sps, pps) = (self.vps.clone(), self.sps.clone(), self.pps.clone());
        match codec {
            Codec::H265 => Ok(h265::DecoderConfig::from_parameter_sets(vps, sps, pps)?.to_bytes()),
            _ => Ok(h264::DecoderConfig::from_parameter_sets(sps, pps)?.to_bytes()),
        }
    }
}

/// Takes the parameter sets of an access unit in place of those known, if it has any.
fn replace(known: &mut Vec<Bytes>, new: &[&[u8]]) {
    let is_other = !new.is_empty() && !new.iter().eq(known.iter());
    if is_other && new.len() <= PARAMETER_SETS_MAX {
        *known = new.iter().map(|set| Bytes::copy_from_slice(set)).collect();
    }
}

/// What a NAL unit is here.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Vps,
    Sps,
    Pps,
    Delimiter,
    Keyframe,
    Other,
}

impl Role {
    fn of(codec: Codec, header: u8) -> Self {
        if codec == Codec::H265 {
            return match h265::nal_unit_type(header) {
                h265::NAL_VPS => Self::Vps,
                h265::NAL_SPS => Self::Sps,
                h265::NAL_PPS => Self::Pps,
                h265::NAL_AUD => Self::Delimiter,
                irap if h265::NAL_IRAP.contains(&irap) => Self::Keyframe,
                _ => Self::Other,
            };
        }
        match h264::nal_unit_type(header) {
            h264::NAL_SPS => Self::Sps,
            h264::NAL_PPS => Self::Pps,
            h264::NAL_AUD => Self::Delimiter,
            h264::NAL_IDR => Self::Keyframe,
            _ => Self::Other,
        }
    }
}

/// Encoders send one of each, seldom a few.
const PARAMETER_SETS_MAX: usize = 16;
