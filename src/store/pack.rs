//! Bytes as they lie on the disk: an encoding byte (plain or zstd), and what it says.

use std::cell::RefCell;
use std::io;
use std::thread::LocalKey;

use zstd::bulk::{Compressor, Decompressor};

type Packer = LocalKey<RefCell<Option<Compressor<'static>>>>;

thread_local! {
    // Making one costs more than packing a record with it.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static TIGHT_PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Shorter bytes gain nothing from compression.
const ZSTD_BYTES_MIN: usize = 256;
const ZSTD_LEVEL: i32 = 3;
/// For what is packed in the background and stays: a twentieth smaller than at level 3, for a fifth more time.
const ZSTD_LEVEL_TIGHT: i32 = 9;
/// What a value may inflate to: an article's texts are bounded far below it.
const BYTES_MAX: usize = 16 * 1024 * 1024;

pub fn pack(plain: &[u8]) -> Vec<u8> {
    packed(plain, &PACKER, ZSTD_LEVEL)
}

/// As [`pack`], for what is written once and kept.
pub fn pack_tight(plain: &[u8]) -> Vec<u8> {
    packed(plain, &TIGHT_PACKER, ZSTD_LEVEL_TIGHT)
}

fn packed(plain: &[u8], packer: &'static Packer, level: i32) -> Vec<u8> {
    let packed = match plain.len() >= ZSTD_BYTES_MIN {
        true => compressed(plain, packer, level).ok(),
        false => None,
    };
    match packed {
        Some(packed) if packed.len() < plain.len() => [&[ZSTD], packed.as_slice()].concat(),
        _ => as_it_is(plain),
    }
}

/// Without compression: for what is compressed together with others.
pub fn as_it_is(plain: &[u8]) -> Vec<u8> {
    [&[PLAIN], plain].concat()
}

pub fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let [encoding, body @ ..] = bytes else {
        return Err("too short".to_owned());
    };
    match *encoding {
        PLAIN => Ok(body.to_vec()),
        ZSTD => {
            // As much room as it says it needs: room for the most it may need is dear.
            let said = zstd::zstd_safe::get_frame_content_size(body);
            let said = said.map_err(|_| "not a compressed record".to_owned())?;
            let room = said.and_then(|bytes| usize::try_from(bytes).ok());
            let room = room.unwrap_or(BYTES_MAX).min(BYTES_MAX);
            decompressed(body, room).map_err(|err| err.to_string())
        }
        other => Err(format!("unknown encoding {other}")),
    }
}

fn compressed(plain: &[u8], packer: &'static Packer, level: i32) -> io::Result<Vec<u8>> {
    packer.with_borrow_mut(|packer| match packer {
        Some(packer) => packer.compress(plain),
        None => packer.insert(Compressor::new(level)?).compress(plain),
    })
}

fn decompressed(body: &[u8], room: usize) -> io::Result<Vec<u8>> {
    UNPACKER.with_borrow_mut(|unpacker| match unpacker {
        Some(unpacker) => unpacker.decompress(body, room),
        None => unpacker.insert(Decompressor::new()?).decompress(body, room),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back_whatever_was_packed_before_it() {
        for length in [0, 10, 255, 256, 300, 70_000, 300, 5] {
            let plain: Vec<u8> = (0..length).map(|at: u32| at.to_be_bytes()[3] / 7).collect();
            let packed = pack(&plain);
            assert_eq!(unpack(&packed).as_deref(), Ok(plain.as_slice()));
            assert!(length < 300 || packed.len() < plain.len());
            assert_eq!(unpack(&pack_tight(&plain)).as_deref(), Ok(plain.as_slice()));
            assert!(
                unpack(&packed[..packed.len() / 2]).as_deref() != Ok(plain.as_slice())
                    || length == 0
            );
            assert_eq!(
                unpack(&packed).as_deref(),
                Ok(plain.as_slice()),
                "damage leaves no trace"
            );
        }
    }
}
