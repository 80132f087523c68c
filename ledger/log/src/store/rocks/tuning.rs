//! How RocksDB is set up for a ledger: two cores, most of whose time belongs to signature checks.
//!
//! Measured, per record of 900 bytes with its entry, tile share and index rows: skip lists that
//! outgrow the processor's cache cost more than everything else together, so tables with random
//! keys have small write buffers and many cheap flushes. What is appended in order is written to
//! the journal and to one file, and then never moved: files that do not overlap change levels by
//! name only. LZ4 on records costs what it saves in writing.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompactionStyle, DBCompressionType,
    DBRecoveryMode, DEFAULT_COLUMN_FAMILY_NAME, LogLevel, Options, UniversalCompactOptions,
};

use super::super::Table;
use super::RocksConfig;

const MIB: usize = 1 << 20;

/// Journal bytes above which write buffers are flushed. Bounds the replay after a crash to about a
/// second.
const JOURNAL_MAX: u64 = 128 * MIB as u64;

/// Bits of bloom filter a key: 1 % of absent keys cost a read.
const BLOOM_BITS: f64 = 10.0;

/// Write buffers of a table: one that fills, and others that wait to be written to a file.
const BUFFERS: i32 = 4;

/// Sorted runs of a table with random keys that are left lying before some are merged. A read asks
/// the filter of each, or looks into each.
const RUNS: i32 = 16;

/// Space that overwritten rows of [`Table::Head`] may take, in percent of the live ones.
const HEAD_DEAD_PERCENT: i32 = 200;

/// Never: rows of the other tables with random keys are not overwritten, so there is no space to
/// win back.
const NO_DEAD_PERCENT: i32 = i32::MAX;

/// Options of the database as a whole.
pub(super) fn database_options() -> Options {
    let mut options = Options::default();
    options.set_paranoid_checks(true);
    // An end cut short by a crash was never acknowledged; any other flaw in the journal is an error
    // on opening.
    options.set_wal_recovery_mode(DBRecoveryMode::TolerateCorruptedTailRecords);
    options.set_track_and_verify_wals_in_manifest(true);
    options.set_max_total_wal_size(JOURNAL_MAX);
    options.set_max_background_jobs(2);
    // One writer: nothing to wait for in a spin loop, and nothing to insert in parallel.
    options.set_allow_concurrent_memtable_write(false);
    options.set_enable_write_thread_adaptive_yield(false);
    // Files reach the disk as they are written, not all at once in front of a commit's flush.
    options.set_bytes_per_sync(MIB as u64);
    options.set_max_open_files(-1);
    options.set_skip_stats_update_on_db_open(true);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_manifest_preallocation_size(MIB / 16);
    options.set_log_level(LogLevel::Warn);
    options.set_keep_log_file_num(4);
    options
}

/// The column families: one a table, and `default` for what is the store's own.
pub(super) fn families(config: &RocksConfig) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(config.cache_bytes);
    let own = ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, few_rows(&cache));
    let tables = Table::ALL
        .map(|table| ColumnFamilyDescriptor::new(table.name(), table_options(table, &cache)));
    std::iter::once(own).chain(tables).collect()
}

fn table_options(table: Table, cache: &Cache) -> Options {
    match table {
        // Writing out 16 MiB kept one of two cores busy for long enough to be seen in the latency.
        Table::Record => appended(4, DBCompressionType::Lz4, cache),
        Table::Entry | Table::Tile => appended(4, DBCompressionType::None, cache),
        Table::SignedSize => appended(1, DBCompressionType::None, cache),
        Table::ByDigest => random_keys(true, NO_DEAD_PERCENT, cache),
        Table::Chain => random_keys(false, NO_DEAD_PERCENT, cache),
        Table::Head => random_keys(true, HEAD_DEAD_PERCENT, cache),
        Table::Checkpoint | Table::Meta => few_rows(cache),
    }
}

/// Rows that come in the order of their keys and stay.
fn appended(buffer_mib: usize, compression: DBCompressionType, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(buffer_mib * MIB);
    options.set_max_write_buffer_number(BUFFERS);
    options.set_compression_type(compression);
    let mut blocks = blocks(16, cache);
    // Files of rows that are seldom read again, and ever more of them: what finds a row in each takes its turn in the cache.
    blocks.set_cache_index_and_filter_blocks(true);
    options.set_block_based_table_factory(&blocks);
    options
}

/// Rows with random keys: small sorted runs, merged rarely and many at a time.
fn random_keys(is_filtered: bool, dead_percent: i32, cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(2 * MIB);
    options.set_max_write_buffer_number(BUFFERS);
    options.set_compression_type(DBCompressionType::None);
    options.set_compaction_style(DBCompactionStyle::Universal);
    options.set_level_zero_file_num_compaction_trigger(RUNS);
    options.set_level_zero_slowdown_writes_trigger(RUNS * 4);
    options.set_level_zero_stop_writes_trigger(RUNS * 6);
    let mut merging = UniversalCompactOptions::default();
    merging.set_min_merge_width(RUNS / 2);
    merging.set_max_size_amplification_percent(dead_percent);
    options.set_universal_compaction_options(&merging);
    let mut blocks = blocks(4, cache);
    if is_filtered {
        blocks.set_bloom_filter(BLOOM_BITS, false);
    }
    options.set_block_based_table_factory(&blocks);
    options
}

/// A handful of rows.
fn few_rows(cache: &Cache) -> Options {
    let mut options = Options::default();
    options.set_write_buffer_size(MIB);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_block_based_table_factory(&blocks(4, cache));
    options
}

fn blocks(kib: usize, cache: &Cache) -> BlockBasedOptions {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_size(kib << 10);
    blocks.set_block_cache(cache);
    blocks.set_format_version(6);
    blocks
}
