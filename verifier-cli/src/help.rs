//! What `--help` prints, written by hand.

/// Names of the commands.
pub const COMMANDS: &[&str] =
    &["exhibit", "receipt", "consistency", "compare", "replay", "inspect"];

/// `custody-verify --help`
pub const PROGRAM: &str = "\
custody-verify COMMAND [OPTIONS]

Checks evidence histories offline, with nothing but files and the keys that you pinned.

Commands:
  exhibit FILE              verify an exhibit: the whole history of one item
  receipt PROOF             verify that one record stands in a ledger
  consistency OLD NEW       verify that one checkpoint continues another
  compare EXHIBIT EXHIBIT   verify two exhibits of one item against each other
  replay DIR                verify a whole published ledger, from first byte to last
  inspect FILE              show what is in a file, without verifying it

Options:
  -h, --help                print this, or the help of a command
  -V, --version             print the version

Exit status:
  0  verified: every required check passed
  1  rejected: a check failed
  2  could not check: a file is missing or unreadable, or a required check had nothing to work with

Example:
  custody-verify exhibit demo.exhibit --policy policy.txt --agencies agencies.txt
";

/// `custody-verify exhibit --help`
pub const EXHIBIT: &str = "\
custody-verify exhibit FILE --policy POLICY [OPTIONS]

Verifies an exhibit: signatures, keys, rules, place in the ledger, completeness.

Options:
      --policy POLICY     whose checkpoints you trust: a C2SP tlog-policy file
      --agencies FILE     the genesis and agency keys you pinned, as `custody trust-sheet` prints them;
                          without them nothing can be `verified`
      --evidence PATH     a file of evidence to compare with the recorded digests, or a directory of
                          them; may be repeated
      --checkpoint FILE   another checkpoint of the ledger that you hold; may be repeated
      --at TIME           the time at which you ask, as 2026-03-01T12:00:00Z
      --json              print the report as JSON
  -h, --help              print this

Example:
  custody-verify exhibit demo.exhibit --policy policy.txt --agencies agencies.txt \\
      --evidence evidence/disk.raw
";

/// `custody-verify receipt --help`
pub const RECEIPT: &str = "\
custody-verify receipt PROOF --entry FILE --record FILE --policy POLICY [OPTIONS]

Verifies a receipt: that the record stands in the ledger, at one place and unaltered.

Options:
      --entry FILE        the log entry that the receipt is about
      --record FILE       the record that the entry names
      --policy POLICY     whose checkpoints you trust: a C2SP tlog-policy file
      --agencies FILE     the genesis and agency keys you pinned
      --json              print the report as JSON
  -h, --help              print this

Example:
  custody-verify receipt receipt.tlog-proof --entry receipt.entry --record receipt.record \\
      --policy policy.txt
";

/// `custody-verify consistency --help`
pub const CONSISTENCY: &str = "\
custody-verify consistency OLD NEW --tiles DIR --policy POLICY [OPTIONS]

Verifies that the ledger of checkpoint NEW begins with the whole ledger of checkpoint OLD.

Options:
      --tiles DIR         a published directory with the tree of NEW, or a larger one
      --policy POLICY     whose checkpoints you trust: a C2SP tlog-policy file
      --at TIME           the time at which you ask, as 2026-03-01T12:00:00Z
      --json              print the report as JSON
  -h, --help              print this

Example:
  custody-verify consistency january.checkpoint tiles/checkpoint --tiles tiles --policy policy.txt
";

/// `custody-verify compare --help`
pub const COMPARE: &str = "\
custody-verify compare EXHIBIT EXHIBIT --policy POLICY [OPTIONS]

Verifies two exhibits of one item, and that the newer one continues the older.

Options:
      --policy POLICY     whose checkpoints you trust: a C2SP tlog-policy file
      --agencies FILE     the genesis and agency keys you pinned
      --checkpoint FILE   another checkpoint of the ledger that you hold; may be repeated
      --at TIME           the time at which you ask, as 2026-03-01T12:00:00Z
      --json              print the report as JSON
  -h, --help              print this

Example:
  custody-verify compare january.exhibit march.exhibit --policy policy.txt --agencies agencies.txt
";

/// `custody-verify replay --help`
pub const REPLAY: &str = "\
custody-verify replay DIR --policy POLICY [OPTIONS]

Verifies a published ledger from first byte to last: every signature, rule, index root and hash. Needs
the records beside the tiles. Memory does not grow with the number of records.

Options:
      --policy POLICY     whose checkpoints you trust: a C2SP tlog-policy file
      --agencies FILE     the genesis and agency keys you pinned
      --at TIME           the time at which you ask, as 2026-03-01T12:00:00Z
      --json              print the report as JSON, with every violation
  -h, --help              print this

Example:
  custody-verify replay tiles --policy policy.txt --agencies agencies.txt
";

/// `custody-verify inspect --help`
pub const INSPECT: &str = "\
custody-verify inspect FILE [OPTIONS]

Shows what is in a record, an offer, an exhibit, an entry, a checkpoint, a receipt, a policy or a list
of pins. Nothing is verified: what you see is what somebody wrote.

Options:
      --json              print JSON
  -h, --help              print this

Example:
  custody-verify inspect receipt.record
";
