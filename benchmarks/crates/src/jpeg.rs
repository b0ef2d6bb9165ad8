//! Decodes a baseline JPEG of 320 x 240 pixels with `zune-jpeg`: bits, tables, a transform of
//! integers, colours.

use compute::kernels::{mix, Random};
use jpeg_encoder::{ColorType, Encoder};
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::JpegDecoder;

const WIDTH: u16 = 320;
const HEIGHT: u16 = 240;
const QUALITY: u8 = 85;

pub struct Image {
    jpeg: Vec<u8>,
}

impl Image {
    /// Colours that run into each other, rectangles with sharp edges, and a little noise.
    pub fn new() -> Image {
        let mut random = Random(0x51f1_5eed);
        let rectangles: Vec<[u32; 5]> = (0..24)
            .map(|_| {
                let (x, y) = (random.below(WIDTH.into()), random.below(HEIGHT.into()));
                [x, y, x + 8 + random.below(60), y + 8 + random.below(60), random.next()]
            })
            .collect();
        let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
        for y in 0..u32::from(HEIGHT) {
            for x in 0..u32::from(WIDTH) {
                let inside = rectangles.iter().rev().find(|[left, top, right, bottom, _]| {
                    (left..right).contains(&&x) && (top..bottom).contains(&&y)
                });
                let [red, green, blue, _] = match inside {
                    Some([.., colour]) => colour.to_be_bytes(),
                    None => {
                        [(x * 255 / 320) as u8, (y * 255 / 240) as u8, ((x ^ y) & 0x7f) as u8, 0]
                    }
                };
                let noise = random.below(8) as u8;
                pixels.extend([red, green, blue].map(|each| each.saturating_add(noise)));
            }
        }
        let mut jpeg = Vec::new();
        Encoder::new(&mut jpeg, QUALITY)
            .encode(&pixels, WIDTH, HEIGHT, ColorType::Rgb)
            .expect("the encoder accepts the image");
        Image { jpeg }
    }

    pub fn decode(&self) -> u32 {
        let pixels = JpegDecoder::new(ZCursor::new(&self.jpeg))
            .decode()
            .expect("the decoder reads what the encoder wrote");
        pixels.chunks_exact(61).fold(pixels.len() as u32, |hash, chunk| {
            mix(hash, u32::from_le_bytes([chunk[0], chunk[7], chunk[31], chunk[60]]))
        })
    }
}
