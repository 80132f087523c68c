//! What `custody-verify` prints, word for word: `tests/transcripts/verify`.

use custody_tests::transcript;

use crate::verify_cli_site;

#[test]
fn the_verifier_prints_its_transcripts() {
    let site = verify_cli_site::build();
    assert_eq!(transcript::play_all("verify", site.path()), 10);
}
