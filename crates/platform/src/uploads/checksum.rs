//! `Upload-Checksum` of tus: what the bytes of one request must add up to.

use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// As `Tus-Checksum-Algorithm` names them.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// A sum under way, and what it must come to.
#[derive(Debug)]
pub(super) struct Checksum {
    sum: Sum,
    expected: Vec<u8>,
}

#[derive(Debug)]
enum Sum {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// From the header.
    pub(super) fn parse(header: &str) -> Result<Self> {
        let (algorithm, encoded) = header.split_once(' ').unwrap_or((header, ""));
        let (sum, bytes) = match algorithm {
            "sha1" => (Sum::Sha1(Sha1::new()), 20),
            "sha256" => (Sum::Sha256(Sha256::new()), 32),
            _ => {
                let message = format!("Upload-Checksum names {algorithm:?}; this server knows {ALGORITHMS}.");
                return Err(Error::invalid("upload_checksum", message));
            }
        };
        let expected = STANDARD.decode(encoded.trim()).ok().filter(|sum| sum.len() == bytes);
        let expected = expected.ok_or_else(|| {
            let message = format!("Upload-Checksum is {algorithm} and {bytes} bytes in Base64.");
            Error::invalid("upload_checksum", message)
        })?;
        Ok(Self { sum, expected })
    }

    /// Adds bytes.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        match &mut self.sum {
            Sum::Sha1(sum) => sum.update(bytes),
            Sum::Sha256(sum) => sum.update(bytes),
        }
    }

    /// Whether it came to what was expected.
    pub(super) fn agrees(self) -> bool {
        let sum = match self.sum {
            Sum::Sha1(sum) => sum.finalize().to_vec(),
            Sum::Sha256(sum) => sum.finalize().to_vec(),
        };
        sum == self.expected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_agree_with_what_others_say_of_the_same_bytes() {
        for (header, agrees) in [
            ("sha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=", true),
            ("sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", true),
            ("sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=", false),
        ] {
            let mut checksum = Checksum::parse(header).unwrap();
            checksum.add(b"hel");
            checksum.add(b"lo");
            assert_eq!(checksum.agrees(), agrees, "{header}");
        }
    }

    #[test]
    fn algorithms_nobody_announced_and_sums_of_another_length_are_refused() {
        for header in
            ["md5 XUFAKrxLKna5cZ2REBfFkg==", "sha1", "sha1 !!", "sha256 qvTGHdzF6KLavt4PO0gs2a6pQ00=", ""]
        {
            assert_eq!(Checksum::parse(header).unwrap_err().code, "upload_checksum", "{header}");
        }
    }
}
