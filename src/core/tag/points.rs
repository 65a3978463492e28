//! Where the provinces are: the towns in which they have had their seat since 1 July 2025.

use crate::core::model::{Point, Scheme, Tag};

/// Slug, and latitude and longitude in ten-thousandths of a degree.
const SEATS: [(&str, i32, i32); 34] = [
    ("ha-noi", 210_285, 1_058_542),
    ("cao-bang", 226_657, 1_062_578),
    ("tuyen-quang", 218_233, 1_052_140),
    ("dien-bien", 213_860, 1_030_230),
    ("lai-chau", 223_964, 1_034_582),
    ("son-la", 213_270, 1_039_141),
    // Yên Bái
    ("lao-cai", 217_168, 1_048_986),
    ("thai-nguyen", 215_928, 1_058_442),
    ("lang-son", 218_537, 1_067_610),
    // Hạ Long
    ("quang-ninh", 209_517, 1_070_748),
    // Bắc Giang
    ("bac-ninh", 212_731, 1_061_946),
    // Việt Trì
    ("phu-tho", 213_227, 1_054_020),
    ("hai-phong", 208_651, 1_066_838),
    ("hung-yen", 206_464, 1_060_511),
    ("ninh-binh", 202_506, 1_059_745),
    ("thanh-hoa", 198_067, 1_057_852),
    // Vinh
    ("nghe-an", 186_796, 1_056_813),
    ("ha-tinh", 183_428, 1_059_057),
    // Đồng Hới
    ("quang-tri", 174_689, 1_066_223),
    ("hue", 164_637, 1_075_909),
    ("da-nang", 160_544, 1_082_022),
    ("quang-ngai", 151_214, 1_088_044),
    // Quy Nhơn
    ("gia-lai", 137_820, 1_092_190),
    // Nha Trang
    ("khanh-hoa", 122_388, 1_091_967),
    // Buôn Ma Thuột
    ("dak-lak", 126_667, 1_080_500),
    // Đà Lạt
    ("lam-dong", 119_404, 1_084_583),
    // Biên Hòa
    ("dong-nai", 109_574, 1_068_427),
    ("ho-chi-minh", 107_769, 1_067_009),
    // Tân An
    ("tay-ninh", 105_359, 1_064_137),
    // Mỹ Tho
    ("dong-thap", 103_600, 1_063_600),
    ("vinh-long", 102_537, 1_059_722),
    // Rạch Giá
    ("an-giang", 100_125, 1_050_809),
    ("can-tho", 100_452, 1_057_469),
    ("ca-mau", 91_768, 1_051_500),
];

/// The seat of a province in force.
pub fn province_point(slug: &str) -> Option<Point> {
    let (_, latitude_e4, longitude_e4) = SEATS.into_iter().find(|(seat, _, _)| *seat == slug)?;
    Some(Point {
        latitude_e4,
        longitude_e4,
    })
}

/// The seat of the first province among the tags of an entry.
pub fn point_of(tags: &[Tag]) -> Option<Point> {
    tags.iter()
        .filter(|tag| tag.scheme == Scheme::Province)
        .find_map(|tag| province_point(&tag.term))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::tag::province_slugs;

    /// As the crow flies; a degree of longitude is shorter the further north.
    fn km(one: Point, other: Point) -> f64 {
        let degrees = |one: i32, other: i32| f64::from(one - other) / 10_000.0;
        let north = degrees(one.latitude_e4, other.latitude_e4);
        let middle = f64::from(one.latitude_e4 + other.latitude_e4) / 20_000.0;
        let east = degrees(one.longitude_e4, other.longitude_e4) * middle.to_radians().cos();
        north.hypot(east) * 111.2
    }

    #[track_caller]
    fn seat(slug: &str) -> Point {
        province_point(slug).unwrap_or_else(|| panic!("{slug} has no seat"))
    }

    #[test]
    fn every_province_has_a_seat_inside_the_country_and_no_two_the_same() {
        let slugs = province_slugs();
        assert_eq!(slugs.len(), SEATS.len());
        for slug in &slugs {
            let point = seat(slug);
            assert!((83_000..235_000).contains(&point.latitude_e4), "{slug}");
            assert!(
                (1_021_000..1_095_000).contains(&point.longitude_e4),
                "{slug}"
            );
            for other in slugs.iter().filter(|other| *other != slug) {
                assert!(km(point, seat(other)) > 15.0, "{slug} is at {other}");
            }
        }
    }

    #[test]
    fn neighbours_are_near_each_other_and_about_as_far_as_on_the_road() {
        // Kilometres as the crow flies, rounded, from the seats' published coordinates.
        for (one, other, expected) in [
            ("ha-noi", "bac-ninh", 45.0),
            ("ha-noi", "hai-phong", 88.0),
            ("ha-noi", "phu-tho", 57.0),
            ("ha-noi", "ho-chi-minh", 1138.0),
            ("hung-yen", "ninh-binh", 45.0),
            ("cao-bang", "lang-son", 104.0),
            ("dien-bien", "son-la", 93.0),
            ("dien-bien", "lai-chau", 121.0),
            ("lao-cai", "tuyen-quang", 35.0),
            ("thai-nguyen", "tuyen-quang", 70.0),
            ("quang-ninh", "hai-phong", 41.0),
            ("nghe-an", "ha-tinh", 44.0),
            ("nghe-an", "thanh-hoa", 126.0),
            ("ha-tinh", "quang-tri", 123.0),
            ("quang-tri", "hue", 152.0),
            ("hue", "da-nang", 80.0),
            ("da-nang", "quang-ngai", 122.0),
            ("quang-ngai", "gia-lai", 156.0),
            ("gia-lai", "khanh-hoa", 172.0),
            ("khanh-hoa", "lam-dong", 87.0),
            ("khanh-hoa", "dak-lak", 134.0),
            ("dong-nai", "ho-chi-minh", 25.0),
            ("tay-ninh", "ho-chi-minh", 42.0),
            ("tay-ninh", "dong-thap", 20.0),
            ("vinh-long", "can-tho", 34.0),
            ("can-tho", "an-giang", 73.0),
            ("ca-mau", "an-giang", 93.0),
        ] {
            let found = km(seat(one), seat(other));
            let off = (found - expected).abs();
            assert!(
                off < 8.0,
                "{one} to {other}: {found:.0} km, not {expected:.0}"
            );
        }
    }

    #[test]
    fn the_first_province_counts_and_other_schemes_do_not() {
        use crate::core::model::TagOrigin;
        let tag = |scheme, term: &str| Tag {
            scheme,
            term: term.to_owned(),
            label: String::new(),
            origin: TagOrigin::Text,
        };
        let tags = [
            tag(Scheme::FormerProvince, "thua-thien-hue"),
            tag(Scheme::Province, "hue"),
            tag(Scheme::Province, "da-nang"),
        ];
        assert_eq!(point_of(&tags), province_point("hue"));
        assert_eq!(point_of(&tags[..1]), None);
        assert_eq!(seat("hue").to_string(), "16.4637 107.5909");
    }
}
