//! Secrets and names nobody can guess, from the operating system.

use rand::{Rng, TryRngCore, rngs::OsRng};
use sha2::{Digest, Sha256};

/// Letters and digits.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A secret of 190 bits in 32 letters and digits.
pub fn token() -> String {
    letters(32)
}

/// `count` letters and digits, 5.95 bits each.
pub fn letters(count: usize) -> String {
    let mut random = OsRng.unwrap_err();
    (0..count).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

/// How a secret is stored: SHA-256 in hexadecimal. Only for secrets that cannot be guessed; passwords need Argon2.
pub fn digest(secret: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(secret).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
