//! The picture of an article: a small PNG whose colours come from the article's slug.

use std::io::Write;

use flate2::Compression;
use flate2::Crc;
use flate2::write::ZlibEncoder;

const WIDTH: u16 = 320;
const HEIGHT: u16 = 180;

/// The same slug gives the same bytes.
pub(super) fn png(slug: &str) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::new();
    header.extend(u32::from(WIDTH).to_be_bytes());
    header.extend(u32::from(HEIGHT).to_be_bytes());
    // 8 bits a sample, RGB, the only compression, the only filter method, not interlaced.
    header.extend([8, 2, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    chunk(&mut png, b"IDAT", &pixels(slug));
    chunk(&mut png, b"IEND", &[]);
    png
}

/// One colour, lighter towards the top.
fn pixels(slug: &str) -> Vec<u8> {
    let hash = *blake3::hash(slug.as_bytes()).as_bytes();
    let colour = [hash[0], hash[1], hash[2]].map(|part| part / 2);
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    for row in 0..HEIGHT {
        let light = u8::try_from((HEIGHT - row) / 2).unwrap_or(u8::MAX);
        let pixel = colour.map(|part| part.saturating_add(light));
        let mut line = vec![0];
        line.extend(pixel.repeat(usize::from(WIDTH)));
        encoder
            .write_all(&line)
            .expect("writing into memory does not fail");
    }
    encoder.finish().expect("writing into memory does not fail")
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).expect("a small picture");
    let mut crc = Crc::new();
    crc.update(kind);
    crc.update(content);
    png.extend(length.to_be_bytes());
    png.extend(kind);
    png.extend(content);
    png.extend(crc.sum().to_be_bytes());
}
