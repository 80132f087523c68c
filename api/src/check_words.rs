//! Check words: a digest in words that can be read over the phone. SPEC section "Check words".
//!
//! Sixteen words carry all 256 bits, so nobody has to trust that a prefix is long enough; the
//! seventeenth is a checksum, so that a misheard word is noticed before anything is compared. A word is
//! consonant, vowel, consonant, vowel, consonant: 4 + 2 + 4 + 2 + 4 = 16 bits, most significant first.
//! The letters were chosen so that no two of them share a sound at the place where they stand.

use custody_core::hash::{Hash, sha256_parts};
use thiserror::Error;

const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aeio";
const WORDS: usize = 16;

/// Why words are not those of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckWordsError {
    /// Not seventeen words.
    #[error("{actual} words, expected 17")]
    Count {
        /// How many there are.
        actual: usize,
    },
    /// Not consonants and vowels of the alphabet in their order.
    #[error("`{word}` is not a check word")]
    Word {
        /// The word.
        word: String,
    },
    /// The last word is not the checksum of the others.
    #[error("the last word is `{actual}`, expected `{expected}`: a word was misheard")]
    Checksum {
        /// The checksum of the first sixteen words.
        expected: String,
        /// The last word.
        actual: String,
    },
}

impl CheckWordsError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Count { .. } => "check-words/count",
            Self::Word { .. } => "check-words/word",
            Self::Checksum { .. } => "check-words/checksum",
        }
    }
}

/// The seventeen words of `digest`.
pub fn format_check_words(digest: &Hash) -> Vec<String> {
    let pairs = digest.as_bytes().chunks_exact(2);
    let words = pairs.map(|pair| format_word(u16::from_be_bytes([pair[0], pair[1]])));
    words.chain([checksum(digest)]).collect()
}

/// The digest that `words` spell, whatever their case and the white space between them.
///
/// # Errors
/// [`CheckWordsError`].
pub fn parse_check_words(words: &str) -> Result<Hash, CheckWordsError> {
    let words: Vec<_> = words.split_whitespace().map(str::to_lowercase).collect();
    let Some((last, words)) = words.split_last().filter(|(_, words)| words.len() == WORDS) else {
        return Err(CheckWordsError::Count { actual: words.len() });
    };
    let mut bytes = [0; Hash::LEN];
    for (pair, word) in bytes.chunks_exact_mut(2).zip(words) {
        let number =
            parse_word(word).ok_or_else(|| CheckWordsError::Word { word: word.clone() })?;
        pair.copy_from_slice(&number.to_be_bytes());
    }
    let digest = Hash::new(bytes);
    match checksum(&digest) {
        expected if expected == *last => Ok(digest),
        expected => Err(CheckWordsError::Checksum { expected, actual: last.clone() }),
    }
}

/// The first 16 bits of SHA-256("custody-check-words" || digest) as a word.
fn checksum(digest: &Hash) -> String {
    let sum = sha256_parts(&[b"custody-check-words", digest.as_ref()]);
    let [first, second, ..] = *sum.as_bytes();
    format_word(u16::from_be_bytes([first, second]))
}

fn format_word(number: u16) -> String {
    let consonant = |shift: u32| CONSONANTS[usize::from(number >> shift & 15)];
    let vowel = |shift: u32| VOWELS[usize::from(number >> shift & 3)];
    let letters = [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)];
    letters.into_iter().map(char::from).collect()
}

fn parse_word(word: &str) -> Option<u16> {
    let letters: [u8; 5] = word.as_bytes().try_into().ok()?;
    let place = |alphabet: &[u8], letter: u8| alphabet.iter().position(|known| *known == letter);
    letters.iter().enumerate().try_fold(0, |number: u16, (position, letter)| {
        let (alphabet, bits): (&[u8], u32) =
            if position % 2 == 0 { (CONSONANTS, 4) } else { (VOWELS, 2) };
        Some(number << bits | u16::try_from(place(alphabet, *letter)?).ok()?)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use custody_core::hash::sha256;

    #[test]
    fn every_word_is_read_back_and_is_like_no_other() {
        for number in 0..=u16::MAX {
            assert_eq!(parse_word(&format_word(number)), Some(number));
        }
        assert_eq!(format_word(0), "babab");
        assert_eq!(format_word(u16::MAX), "zozoz");
    }

    #[test]
    fn words_come_back_as_the_digest() {
        let digest = sha256(b"a digest");
        let words = format_check_words(&digest).join(" ");
        assert_eq!(parse_check_words(&words.to_uppercase()), Ok(digest));
    }

    #[test]
    fn a_misheard_word_is_noticed() {
        let mut words = format_check_words(&sha256(b"a digest"));
        words[3] = format_word(parse_word(&words[3]).unwrap() ^ 1);
        let error = parse_check_words(&words.join(" ")).unwrap_err();
        assert_eq!(error.code(), "check-words/checksum");
        assert_eq!(parse_check_words("babab").unwrap_err().code(), "check-words/count");
        words[0] = "hello!".to_owned();
        assert_eq!(parse_check_words(&words.join(" ")).unwrap_err().code(), "check-words/word");
    }
}
