//! Bytes as they lie on the disk: an encoding byte (plain or zstd), and what it says.

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Shorter bytes gain nothing from compression.
const ZSTD_BYTES_MIN: usize = 256;
const ZSTD_LEVEL: i32 = 3;
/// What a value may inflate to: an article's texts are bounded far below it.
const BYTES_MAX: usize = 16 * 1024 * 1024;

pub fn pack(plain: &[u8]) -> Vec<u8> {
    let packed = match plain.len() >= ZSTD_BYTES_MIN {
        true => zstd::bulk::compress(plain, ZSTD_LEVEL).ok(),
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
            zstd::bulk::decompress(body, room).map_err(|err| err.to_string())
        }
        other => Err(format!("unknown encoding {other}")),
    }
}
