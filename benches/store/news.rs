//! Newsrooms that write as long as they are asked: Vietnamese syllables by chance, no two texts alike.

use std::time::Duration;

use langbao::core::model::Timestamp;

const BODY_BYTES: usize = 1500;

const PLACES: [&str; 12] = [
    "An Giang",
    "Cà Mau",
    "Đồng Tháp",
    "Lâm Đồng",
    "Khánh Hòa",
    "Quảng Trị",
    "Nghệ An",
    "Thanh Hóa",
    "Lào Cai",
    "Sơn La",
    "Tây Ninh",
    "Vĩnh Long",
];

const SUBJECTS: [&str; 10] = [
    "Hợp tác xã chè Thượng Lộc",
    "Làng gốm ven sông",
    "Xưởng mây tre đan",
    "Phiên chợ vùng cao",
    "Đội cứu hộ bờ biển",
    "Trường tiểu học bản Lươm",
    "Bến phà cũ",
    "Vườn ươm cây giống",
    "Câu lạc bộ hát ví",
    "Trạm y tế xã",
];

/// Of what people write about a village.
const SYLLABLES: &str = "anh ao áo ăn ấm ba bà bác bài bán bản bạn bát bay bắc bằng bầu bé bên bến bếp bị biển biết bò bóng bố bổ bốn \
    bờ bụi buổi bước bưởi ca cá cà các cách cảng cao cau cày cánh cạnh cắt cầm cần cấp cầu cấy câu cây có cỏ con cô cối công cổng cơm củ cũ của \
    cùng cuối cửa cười chài chàm chạy chảy chắc chăn chân chậm châu chè chèo chị chia chiếc chiều chim chín cho chỗ chồng chợ chú chùa chủ chung \
    chuối chuyến chuyện chữ chưa dài dàn dãy dân dâu dầu dây dẫn dệt dòng dọc dốc dời du dưa dưới đá đá đan đàn đảo đáy đắp đất đầm đập đầu đèn \
    đem đê đến đi địa điện đình đò đoàn đón đóng đồi đội đông đồng đổ đời đợi đủ đua đường em gà gái gạch gạo gặp gặt gần gấp ghe ghép gia giã giá \
    giấy gió giỏ giờ giống giữ giữa gọi gốc gốm gỗ gửi hai hái hàng hạt hát hẹn héo hiên hiền hoa hòa hỏi họ họp hồ hội hôm hồng hơn hướng hương \
    kênh kể khách khay khăn khi khó khói khô khu khung kia kiếm kín kho kỹ lá là lại làm làng lành lạnh lau lặn lấy lên lều lo loài lò lộc lối \
    lớn lúa lụa lũ lưới lưng mái màu may mát mặn mặt mận mất mây men mẹ mía miền mỏ mong món môi mộc một mới mùa mưa mương nắng nấm nấu nem nếp \
    nét nia nón nong nồi nổi nông nơi núi nước nương ngay ngày ngà ngói ngoài ngọn ngọt ngô người nhà nhãn nhánh nhạt nhặt nhẹ nhìn nho nhỏ nhớ \
    những nhuộm oi ong ô ông ổi phên phía phiên phiến phơi phố phù quả quanh quay quạt quê quen quế ra rạ rẫy rạng rau rằm rẻ rèn rêu rộng rơm \
    rừng ruộng rượu sáng sao sáp sân sau sắn sẵn sâu sen sim sinh sóng sông sơn sợi suối sương tay tám tằm tấm tàu tắm tên tép tết tiếng tìm tính \
    tôm tơ tới tra trà tranh trăng trâu tre trẻ trên trong trồng trời trước trưa trứng tươi tường than thau thành thảo thay thắp thật theo thèm \
    thềm thịt thóc thơm thợ thú thuyền thư thương ủ út vai vàng vào vải ván vắng vân về vệ vị việc vịt vò vỏ vó vòng vôi vớt vú vụ vui vườn vựa xa \
    xã xanh xay xăm xây xe xem xóm xưa xuân xuồng xuống xưởng y yên yêu";

pub struct Newsroom {
    random: fastrand::Rng,
    syllables: Vec<&'static str>,
    written: usize,
}

impl Newsroom {
    pub fn new(seed: u64) -> Newsroom {
        Newsroom {
            random: fastrand::Rng::with_seed(seed),
            syllables: SYLLABLES.split_whitespace().collect(),
            written: 0,
        }
    }

    /// A feed of new items, all of them older than two hours.
    pub fn rss(&mut self, source: usize, items: usize, now: Timestamp) -> String {
        let mut out = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>Báo {source}</title>\
             <link>https://s{source}.example.vn/</link><description>Tin mới</description><language>vi</language>\n"
        );
        for _ in 0..items {
            self.written += 1;
            let no = self.written;
            let age = Duration::from_secs(7200 + self.random.u64(..36_000));
            let date = (now - age).to_datetime().to_rfc2822();
            let subject = self.random.choice(SUBJECTS).unwrap();
            let place = self.random.choice(PLACES).unwrap();
            let title = self.sentence(7);
            let body = self.body(subject, place);
            out.push_str(&format!(
                "<item>\n<title>{subject}: {title}</title>\n<link>https://s{source}.example.vn/tin-tuc/{no}-{}.html</link>\n\
                 <guid isPermaLink=\"false\">s{source}-{no}</guid>\n<pubDate>{date}</pubDate>\n<category>Đời sống</category>\n\
                 <description>{body}</description>\n</item>\n",
                self.random.u32(..),
            ));
        }
        out.push_str("</channel></rss>\n");
        out
    }

    fn sentence(&mut self, syllables: usize) -> String {
        let words: Vec<&str> = (0..syllables)
            .map(|_| *self.random.choice(&self.syllables).unwrap())
            .collect();
        words.join(" ")
    }

    fn body(&mut self, subject: &str, place: &str) -> String {
        let mut out = format!("{subject} ở {place} ");
        while out.len() < BODY_BYTES {
            let syllables = self.random.usize(8..24);
            out.push_str(&self.sentence(syllables));
            match self.random.u32(..5) {
                0 => out.push_str(&format!(" {} ", self.random.u32(10..5000))),
                1 => out.push_str(", "),
                _ => out.push_str(". "),
            }
        }
        out.trim_end().to_owned()
    }
}
