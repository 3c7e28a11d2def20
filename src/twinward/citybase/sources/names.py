"""Finds an area by the word a table uses for it: the same letters in another form, another
script, with its kind or not.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from twinward.citybase.sources.numbers import INVISIBLE

# traditional characters that stand in names of places and the simplified ones, pair by pair
TRADITIONAL = (
    "東东區区縣县鎮镇鄉乡灣湾門门島岛廣广寧宁陽阳雲云龍龙龜龟馬马鳥鸟魚鱼麥麦黃黄黨党齊齐園园國国圓圆團团圍围場场塊块壩坝"
    "墊垫壘垒壟垄堅坚報报堯尧夾夹奧奥嬰婴學学實实寶宝寬宽對对導导將将專专尋寻層层屆届屬属岡冈峽峡嶺岭嶼屿巒峦崗岗嶽岳巖岩"
    "幣币帶带師师幹干庫库廠厂廟庙廈厦廬庐張张彎弯強强後后從从復复徵征恆恒惡恶慶庆憲宪應应懷怀戰战戲戏戶户撫抚據据擁拥擴扩"
    "攔拦敗败數数敵敌時时晉晋晝昼曉晓暢畅曬晒書书會会條条來来楊杨楓枫業业極极榮荣構构槍枪樓楼樂乐樹树橋桥機机檔档檢检櫻樱"
    "欄栏權权歐欧歲岁歷历歸归殘残氣气漢汉決决沒没沖冲況况洩泄洶汹涇泾淚泪淨净淺浅淵渊渾浑湧涌湯汤準准溝沟溫温滄沧滅灭滿满"
    "漁渔漲涨漸渐潔洁潛潜潤润潰溃澤泽澗涧澱淀濁浊濃浓濕湿濟济濤涛濱滨瀋沈瀏浏瀘泸瀝沥瀟潇瀨濑瀾澜灑洒灘滩烏乌無无煙烟煉炼"
    "熱热燈灯營营爐炉爾尔牆墙狀状獅狮獨独獵猎獻献現现環环瑪玛瓊琼產产畢毕畫画異异當当疊叠盤盘盧卢監监眾众睏困矯矫砲炮碼码"
    "磚砖礦矿礎础禮礼禪禅種种稱称穀谷積积穩稳窩窝窮穷竇窦競竞筆笔節节範范築筑篤笃簡简簾帘籃篮糧粮糰团係系紀纪約约紅红紋纹"
    "納纳純纯紙纸級级細细終终組组結结絕绝給给絡络統统絲丝經经綠绿維维綱纲網网綿绵緊紧線线緣缘編编練练縱纵總总績绩織织繞绕"
    "繡绣繩绳繪绘繼继續续纖纤羅罗義义習习聖圣聞闻聯联聰聪聲声職职肅肃脈脉腳脚膠胶臨临臺台與与興兴舉举舊旧艦舰艙舱艷艳藝艺"
    "芻刍莊庄華华萊莱萬万葉叶蓋盖蓮莲蔣蒋蔭荫蕭萧薦荐藍蓝藥药蘆芦蘇苏蘭兰處处虛虚號号虧亏蝦虾螢萤蟲虫蠶蚕蠻蛮術术衛卫衝冲"
    "裡里補补裝装製制褲裤見见規规視视親亲覺觉覽览觀观觸触計计訓训記记設设許许訴诉診诊詩诗話话該该詳详誠诚語语說说課课調调"
    "談谈請请論论諸诸謝谢證证識识譚谭譜谱議议護护讓让豐丰豬猪貝贝負负財财貢贡貨货貫贯責责貴贵買买費费賀贺資资賓宾賢贤賣卖"
    "質质賴赖贈赠贊赞贛赣趙赵趨趋跡迹躍跃車车軌轨軍军軒轩軟软軸轴較较載载輔辅輕轻輝辉輪轮輯辑輸输轄辖轉转轟轰辦办辭辞農农"
    "邊边運运過过達达違违遙遥遠远適适遷迁選选遼辽還还邇迩邏逻郵邮鄒邹鄧邓鄭郑鄰邻鄲郸釀酿釋释針针釣钓鈉钠鉅巨鉛铅銀银銅铜"
    "銘铭銳锐鋒锋鋪铺鋼钢錢钱錦锦錫锡錶表鍋锅鍾钟鎖锁鏡镜鐘钟鐵铁鑄铸長长閃闪閉闭開开閒闲間间閘闸閣阁閩闽闆板闊阔關关闢辟"
    "陣阵陰阴陳陈陸陆隊队階阶際际隨随險险隱隐隴陇隸隶雙双雜杂離离難难電电霧雾靈灵靜静韋韦韓韩響响頁页頂顶項项順顺須须預预"
    "領领頭头頻频題题額额顏颜願愿類类顧顾顯显風风飛飞飯饭飲饮飼饲館馆饒饶駐驻駕驾騎骑騰腾驗验驛驿體体髮发鬆松鬥斗鬧闹鬱郁"
    "魯鲁鮑鲍鮮鲜鯉鲤鯨鲸鱷鳄鳳凤鳴鸣鴨鸭鴻鸿鵝鹅鶴鹤鷹鹰鸚鹦鹽盐麗丽麵面點点黌黉齋斋齒齿齡龄龐庞壽寿夢梦孫孙嶗崂崑昆崙仑"
    "塗涂墻墙執执塵尘壓压壯壮夠够獎奖妝妆媽妈嬌娇寢寝審审匯汇滙汇滬沪閔闵貞贞瑩莹廳厅縉缙潯浔渦涡漣涟濰潍錄录鉤钩鄖郧郟郏"
    "醫医閬阆閻阎陝陕頤颐驪骊鸞鸾蕪芜蘊蕴薩萨壇坛嵐岚嶧峄彙汇棗枣棟栋橫横歡欢滎荥潑泼澠渑澮浍瀅滢瀧泷為为爭争琿珲瑤瑶碭砀"
    "祿禄禎祯窯窑紹绍綏绥薊蓟鑲镶鞏巩鵬鹏勝胜勞劳動动協协單单參参吳吴呂吕員员問问啟启嚴严塢坞墾垦婁娄僑侨億亿儀仪優优內内"
    "兩两劉刘劍剑創创剛刚亞亚個个倉仓側侧偉伟傑杰傳传備备價价儲储兒儿別别務务"
)
SIMPLE = {ord(a): b for a, b in zip(TRADITIONAL[::2], TRADITIONAL[1::2], strict=True)}
CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
CJK_KINDS = re.compile(
    r"(?<=..)(?:街道办事处|街道|地区|新区|自治县|自治旗|社区|居委会|村委会|市辖区|区|县|市|镇|乡|村|旗)$"
)
KINDS = (
    "district subdistrict ward borough county city town township municipality village "
    "parish province region prefecture of the de do da dos das del la le el new area "
    "gemeinde stadt stadtbezirk bezirk landkreis kreis ortsteil commune arrondissement "
    "freguesia bairro concelho municipio distrito comuna barrio quartiere comune kecamatan "
    "kelurahan kota kabupaten phuong quan huyen xa mahallesi mahalle ilcesi ilce shi qu "
    "xian zhen jiedao ku machi cho"
)
KIND_WORDS = frozenset(KINDS.split())
TOTAL_WORDS = (
    "total totals all sum overall whole grand total together gesamt insgesamt summe "
    "zusammen totale totaal totalt totals ensemble somme suma razem celkem osszesen toplam "
    "jumlah tong cong итого всего 合计 总计 合計 總計 总数 小计 全市 全部 计 総数 합계 계"
)
TOTALS = frozenset(TOTAL_WORDS.split()) | {
    "grand total",
    "all ages",
    "all areas",
    "tong cong",
    "tong so",
}


def is_total(word: str) -> bool:
    """True for the word of a row that sums up the others: Total, Insgesamt, 合计."""
    return bare(word) in {bare(one) for one in TOTALS}


class Named(Protocol):
    """What has a code as its source writes it, and a name."""

    name: str
    stated: str


def plain_key(word: str) -> str:
    """The word in one form (NFKC), without invisible signs, spaces doubled or at the ends."""
    return " ".join(unicodedata.normalize("NFKC", word).translate(INVISIBLE).split())


def bare(word: str) -> str:
    """Letters without accents, case and signs; Chinese in simplified characters."""
    split = unicodedata.normalize("NFKD", plain_key(word).casefold().translate(SIMPLE))
    letters = "".join(mark for mark in split if not unicodedata.combining(mark))
    return " ".join(
        re.sub(
            r"[^\w]+", " ", letters.replace("ß", "ss").replace("ø", "o").replace("ł", "l")
        ).split()
    )


def without_kind(word: str) -> str:
    """The bare word without the word for its kind (District, 区): `Pudong New Area` is `pudong`."""
    if CJK.search(word):
        return CJK_KINDS.sub("", bare(word).replace(" ", ""))
    kept = [part for part in bare(word).split() if part not in KIND_WORDS]
    return " ".join(kept) or bare(word)


def halves(word: str) -> list[str]:
    """The parts of a name in two scripts or with a second form: `浦东 Pudong`, `Bozen / Bolzano`,
    `Águeda (Aveiro)`.
    """
    parts = [
        part for part in re.split(r"\s*[/|;(（)）]\s*|\s+[-–]\s+", plain_key(word)) if part.strip()
    ]
    found = list(parts) if len(parts) > 1 else []
    for part in parts:
        if chinese := "".join(CJK.findall(part)):
            rest = " ".join(CJK.sub(" ", part).split())
            found += [chinese, rest] if rest else []
    return [half for half in found if half]


def forms(word: str, key: Callable[[str], str]) -> set[str]:
    return {key(part) for part in (word, *halves(word))} - {""}


LOOSER: tuple[Callable[[str], str], ...] = (bare, without_kind)


A = TypeVar("A", bound=Named)


class Names(Generic[A]):
    """Areas of one level by code and unambiguous name, and where no other may be meant by
    another form of its name.
    """

    def __init__(self, areas: Iterable[A]) -> None:
        self.areas = list(areas)
        self.exact: dict[str, A] = {}
        many: dict[str, int] = {}
        for area in self.areas:
            many[plain_key(area.name)] = many.get(plain_key(area.name), 0) + 1
        self.exact |= {
            plain_key(a.name): a for a in self.areas if a.name and many[plain_key(a.name)] == 1
        }
        self.exact |= {plain_key(a.stated): a for a in self.areas}
        self._looser: list[dict[str, list[A]]] | None = None

    def find(self, word: str) -> A | None:
        """The area with this code or name, letter for letter."""
        return self.exact.get(plain_key(word))

    def find_all(self, words: Iterable[str]) -> dict[str, A]:
        """The areas that `words` mean; what no area is called may be another form of one that no
        other word means.
        """
        wanted = [word for word in dict.fromkeys(words) if word]
        found = {word: area for word in wanted if (area := self.find(word)) is not None}
        left = [word for word in wanted if word not in found]
        for level, key in enumerate(LOOSER):
            taken = {id(area) for area in found.values()}
            meant: dict[int, list[str]] = {}
            of: dict[int, A] = {}
            for word in left:
                near = {
                    id(a): a
                    for form in forms(word, key)
                    for a in self._index(level).get(form, [])
                    if id(a) not in taken
                }
                if len(near) == 1 and not word.isdigit():
                    ((number, area),) = near.items()
                    meant.setdefault(number, []).append(word)
                    of[number] = area
            found |= {said[0]: of[number] for number, said in meant.items() if len(said) == 1}
            left = [word for word in left if word not in found]
        return found

    def nearest(self, word: str) -> str:
        """`; did you mean X?`, or nothing when no name is near."""
        by_form = {bare(area.name): area.name for area in self.areas}
        near = difflib.get_close_matches(bare(word), by_form, 1, 0.75)
        return f"; did you mean {by_form[near[0]]}?" if near else ""

    def _index(self, level: int) -> dict[str, list[A]]:
        if self._looser is None:
            self._looser = []
            for key in LOOSER:
                index: dict[str, list[A]] = {}
                for area in self.areas:
                    for form in forms(area.name, key):
                        index.setdefault(form, []).append(area)
                self._looser.append(index)
        return self._looser[level]
