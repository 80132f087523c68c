//! Tiles: names, the tiles of a tree, bundles.

use custody_core::hash::sha256;
use custody_core::merkle::{LeafIndex, TreeSize};
use custody_core::tile::{
    BundleError, MAX_ENTRY_LEN, MAX_RECORD_LEN, TileKind, TilePath, TileWidth, decode_entries,
    decode_hashes, decode_records, encode_entries, encode_hashes, encode_records,
    entry_bundles_of_tree, record_bundles_of_tree, tiles_of_tree,
};

fn path(text: &str) -> TilePath {
    TilePath::parse(text).unwrap()
}

fn width(items: u64) -> TileWidth {
    TileWidth::new(items).unwrap()
}

#[track_caller]
fn refused(text: &str, code: &str) {
    assert_eq!(TilePath::parse(text).expect_err(text).code(), code, "{text}");
}

#[test]
fn names_have_one_spelling() {
    let cases = [
        ("tile/0/000", TileKind::Hashes { level: 0 }, 0, 256),
        ("tile/63/000.p/1", TileKind::Hashes { level: 63 }, 0, 1),
        ("tile/1/x001/x234/067", TileKind::Hashes { level: 1 }, 1_234_067, 256),
        ("tile/0/999.p/255", TileKind::Hashes { level: 0 }, 999, 255),
        ("tile/0/x001/000", TileKind::Hashes { level: 0 }, 1000, 256),
        ("tile/entries/x012/345.p/67", TileKind::Entries, 12_345, 67),
        ("records/x001/x000/000", TileKind::Records, 1_000_000, 256),
        ("records/x018/x446/x744/x073/x709/x551/615.p/9", TileKind::Records, u64::MAX, 9),
    ];
    for (text, kind, index, items) in cases {
        let path = path(text);
        assert_eq!((path.kind(), path.index(), path.width()), (kind, index, width(items)));
        assert_eq!(path.to_string(), text);
        assert_eq!(TilePath::new(kind, index, width(items)), Some(path));
    }
    for index in (0..3000).chain([999_999, 1_000_000, 999_999_999, u64::MAX - 1]) {
        for items in [1, 9, 10, 99, 100, 255, 256] {
            let path = TilePath::new(TileKind::Records, index, width(items)).unwrap();
            assert_eq!(TilePath::parse(&path.to_string()).unwrap(), path);
        }
    }
    assert_eq!(TilePath::new(TileKind::Hashes { level: 64 }, 0, TileWidth::FULL), None);
    assert_eq!((TileWidth::new(0), TileWidth::new(257)), (None, None));
    assert_eq!(TileWidth::new(u64::MAX), None);
}

#[test]
fn other_names_are_refused() {
    refused(&"tile/0/000".repeat(20), "tile/path-too-long");
    for text in ["", "tile", "tile/0", "/tile/0/000", "tiles/0/000", "record/000", "checkpoint"] {
        refused(text, "tile/path-prefix");
    }
    for level in ["", "00", "01", "64", "256", "-1", "+1", "0x1", "records", "Entries"] {
        refused(&format!("tile/{level}/000"), "tile/path-level");
    }
    let indices = [
        "",
        "0",
        "00",
        "0000",
        "x000",
        "x001",
        "001/000",
        "x001/x000",
        "x000/001",
        "x000/x001/000",
        "x001//000",
        "x01/000",
        "X001/000",
        "x001/0a0",
        "-01",
        "+01",
        "000/",
        " 000",
        "000 ",
        "x018/x446/x744/x073/x709/x551/616",
        "x999/x999/x999/x999/x999/x999/999",
        "\u{661}\u{661}\u{661}",
    ];
    for index in indices {
        for prefix in ["tile/0/", "tile/entries/", "records/"] {
            refused(&format!("{prefix}{index}"), "tile/path-index");
        }
    }
    for width in ["", "0", "256", "01", "-1", "1/", "1.p/1"] {
        refused(&format!("tile/0/000.p/{width}"), "tile/path-width");
    }
    refused("tile/0/000.p", "tile/path-index");
}

/// "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width
/// 112, one full level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1"
#[test]
fn the_specifications_examples_hold() {
    let tiles: Vec<String> = tiles_of_tree(TreeSize(70_000)).map(|tile| tile.to_string()).collect();
    assert_eq!(tiles.len(), 277);
    let expected = ["tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"];
    assert_eq!(tiles[273..], expected);
    let tiles: Vec<String> = tiles_of_tree(TreeSize(256)).map(|tile| tile.to_string()).collect();
    assert_eq!(tiles, ["tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_of_tree(TreeSize(0)).count(), 0);
    let bundles = |size| entry_bundles_of_tree(TreeSize(size)).map(|tile| tile.to_string());
    assert_eq!(bundles(257).collect::<Vec<_>>(), ["tile/entries/000", "tile/entries/001.p/1"]);
    assert_eq!(bundles(0).count(), 0);
    let records: Vec<_> =
        record_bundles_of_tree(TreeSize(3)).map(|tile| tile.to_string()).collect();
    assert_eq!(records, ["records/000.p/3"]);
}

#[test]
fn a_trees_tiles_hold_each_hash_once() {
    let sizes = (0..1100).chain([65_535, 65_536, 65_537, 131_073, 16_777_216, 16_777_217]);
    for size in sizes.map(TreeSize) {
        let mut next = [0u64; 8];
        for tile in tiles_of_tree(size) {
            let TileKind::Hashes { level } = tile.kind() else { panic!("{tile}") };
            let seen = &mut next[usize::from(level)];
            assert_eq!(tile.index() * 256, *seen, "{tile} of {size}");
            assert_eq!(tile.start(), Some(LeafIndex(*seen << (8 * level))));
            *seen += u64::from(tile.width().items());
            assert!(tile.is_within(size));
        }
        let expected: [u64; 8] = std::array::from_fn(|level| size.0 >> (8 * level));
        assert_eq!(next, expected, "size {size}");
        let entries = entry_bundles_of_tree(size).map(|tile| u64::from(tile.width().items()));
        assert_eq!(entries.sum::<u64>(), size.0);
    }
}

#[test]
fn a_tile_is_within_the_trees_that_have_all_of_it() {
    let cases = [
        ("tile/0/000.p/5", 5),
        ("tile/0/000", 256),
        ("tile/1/000.p/1", 256),
        ("tile/1/000.p/2", 512),
        ("tile/2/001.p/3", 259 * 65_536),
        ("tile/entries/001.p/1", 257),
        ("records/001", 512),
        ("tile/7/000.p/255", 255 << 56),
    ];
    for (text, size) in cases {
        assert!(path(text).is_within(TreeSize(size)), "{text}");
        assert!(!path(text).is_within(TreeSize(size - 1)), "{text}");
        assert!(path(text).is_within(TreeSize(u64::MAX)), "{text}");
    }
    // Names that no tree has, and that must not overflow.
    for text in
        ["tile/8/000.p/1", "tile/63/000", "tile/7/000", "records/x018/x446/x744/x073/x709/x551/615"]
    {
        assert!(!path(text).is_within(TreeSize(u64::MAX)), "{text}");
    }
    assert_eq!(path("records/x018/x446/x744/x073/x709/x551/615").start(), None);
    assert_eq!(path("tile/8/000").start(), None);
    assert_eq!(tiles_of_tree(TreeSize(u64::MAX)).next(), Some(path("tile/0/000")));
}

#[test]
fn bundles_read_back_as_written() {
    let items: Vec<Vec<u8>> = (0..256usize).map(|n| vec![n as u8; n * 3 % 500]).collect();
    for count in 1..=256 {
        let (items, width) = (&items[..count], width(count as u64));
        let entries = encode_entries(items).unwrap();
        assert_eq!(decode_entries(&entries, width).unwrap(), items);
        let records = encode_records(items).unwrap();
        assert_eq!(decode_records(&records, width).unwrap(), items);
        assert_eq!(records.len(), entries.len() + 2 * count);
        let hashes: Vec<_> = items.iter().map(|item| sha256(item)).collect();
        let tile = encode_hashes(&hashes).unwrap();
        assert_eq!(tile.len(), 32 * count);
        assert_eq!(decode_hashes(&tile, width).unwrap(), hashes);
    }
    assert_eq!(encode_entries(&[b"ab"]).unwrap(), b"\x00\x02ab");
    assert_eq!(encode_records(&[b"ab"]).unwrap(), b"\x00\x00\x00\x02ab");
}

#[test]
fn the_longest_items_fit_and_no_longer_ones() {
    let one = width(1);
    let (entry, record) = (vec![1; MAX_ENTRY_LEN], vec![2; MAX_RECORD_LEN]);
    let bundle = encode_entries(&[&entry]).unwrap();
    assert_eq!(decode_entries(&bundle, one).unwrap(), [&entry]);
    let bundle = encode_records(&[&record]).unwrap();
    assert_eq!(decode_records(&bundle, one).unwrap(), [&record]);
    let error = encode_entries(&[vec![], vec![1; MAX_ENTRY_LEN + 1]]).unwrap_err();
    assert_eq!(error, BundleError::ItemTooLong { item: 1, len: MAX_ENTRY_LEN + 1 });
    let error = encode_records(&[vec![2; MAX_RECORD_LEN + 1]]).unwrap_err();
    assert_eq!(error.code(), "tile/item-too-long");
    // A length is refused before anything behind it is looked at.
    for len in [MAX_RECORD_LEN as u32 + 1, u32::MAX] {
        let error = decode_records(&len.to_be_bytes(), one).unwrap_err();
        assert_eq!(error, BundleError::ItemTooLong { item: 0, len: len as usize });
    }
}

#[test]
fn bundles_of_another_width_are_refused() {
    let (entries, records) = (encode_entries(&[b"ab", b"cd"]), encode_records(&[b"ab", b"cd"]));
    let (entries, records) = (entries.unwrap(), records.unwrap());
    let codes = |items| {
        let entries = decode_entries(&entries, width(items)).unwrap_err();
        let records = decode_records(&records, width(items)).unwrap_err();
        (entries.code(), records.code())
    };
    assert_eq!(codes(1), ("tile/trailing-bytes", "tile/trailing-bytes"));
    assert_eq!(codes(3), ("tile/truncated", "tile/truncated"));
    for len in 0..entries.len() {
        let error = decode_entries(&entries[..len], width(2)).unwrap_err();
        assert_eq!(error, BundleError::Truncated { item: len / 4 });
    }
    let tile = encode_hashes(&[sha256(b"a"), sha256(b"b")]).unwrap();
    assert_eq!(decode_hashes(&tile, width(1)).unwrap_err().code(), "tile/trailing-bytes");
    assert_eq!(decode_hashes(&tile, width(3)).unwrap_err(), BundleError::Truncated { item: 2 });
    assert_eq!(decode_hashes(&tile[..33], width(2)).unwrap_err().code(), "tile/truncated");
    let too_long = vec![0; 2 + MAX_ENTRY_LEN + 1];
    assert_eq!(decode_entries(&too_long, width(1)).unwrap_err().code(), "tile/too-long");
    let too_long = vec![0; 4 + MAX_RECORD_LEN + 1];
    assert_eq!(decode_records(&too_long, width(1)).unwrap_err().code(), "tile/too-long");
}

#[test]
fn bundles_have_1_to_256_items() {
    let none: [&[u8]; 0] = [];
    let many = vec![b"x"; 257];
    assert_eq!(encode_entries(&none).unwrap_err(), BundleError::Count { count: 0 });
    assert_eq!(encode_records(&many).unwrap_err(), BundleError::Count { count: 257 });
    assert_eq!(encode_hashes(&[]).unwrap_err().code(), "tile/item-count");
}
