"""Business scopes of the sample city's firms: several activities each, not all of their trade.

The register's entries have this form: activities parted by semicolons, some of them general ones
that firms of all trades have entered, some of another trade. Phrases follow the names of classes in
GB/T 4754-2017.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from profiles.sample_city.columns import codes
from profiles.sample_city.draw import Flags, Ints, happens, whole
from profiles.sample_city.shape import TRADES

PHRASES = {
    "A0111": "稻谷种植 水稻种子销售 农机作业服务 粮食收储 秸秆处理",
    "A0141": "蔬菜种植 大棚育苗 果蔬采摘 农产品初加工 新鲜蔬菜配送",
    "A0313": "生猪饲养 仔猪繁育 饲料原料采购 畜禽粪污处理 牲畜销售",
    "C1331": "食用植物油加工 油料收购 植物油精炼 豆粕生产 食用油灌装",
    "C1495": "食品添加剂生产 饲料添加剂生产 香精调配 增稠剂制造 酶制剂研制",
    "C1819": "服装制造 工作服加工 服饰裁剪 针织成衣生产 校服定做",
    "C2110": "木质家具制造 橱柜定制 实木桌椅生产 家具喷涂 板式家具加工",
    "C2319": "包装装潢印刷 标签印制 纸盒印刷 画册印制 印后加工",
    "C2669": "专用化学产品制造 助剂合成 胶粘剂生产 水处理剂生产 涂料助剂研制",
    "C2710": "原料药生产 药物中间体合成 化学药品制造 发酵制药 药品研制",
    "C2929": "塑料制品制造 塑料零件注塑 塑料管材生产 吹塑加工 塑料容器生产",
    "C3311": "金属结构制造 钢构件加工 钢结构安装 铆焊加工 金属门窗生产",
    "C3484": "机械零部件加工 数控车削 精密铣削 五金件制造 轴类零件生产",
    "C3512": "石油钻采设备制造 钻头生产 采油设备维修 井口装置制造 钻杆加工",
    "C3525": "模具制造 注塑模具设计 冲压模具加工 模具维修 夹具生产",
    "C3670": "汽车零部件制造 制动系统生产 汽车座椅生产 车灯制造 变速箱零件加工",
    "C3821": "变压器制造 整流器生产 电感器制造 电源设备生产 互感器组装",
    "C3841": "锂离子电池制造 电芯生产 电池组装配 储能电池研制 电池管理系统生产",
    "C3973": "集成电路制造 芯片封装测试 晶圆加工 半导体器件研制 集成电路设计",
    "C3989": "电子元件制造 连接器生产 电容器组装 敏感元件研制 磁性元件加工",
    "C4011": "工业自动控制系统制造 仪器仪表制造 控制柜组装 传感器生产 自动化装置调试",
    "D4416": "太阳能发电 光伏电站运营 电力供应 光伏组件运维 分布式发电",
    "D4610": "自来水生产 供水管网运营 水质检测 二次供水 水表安装",
    "E4710": "住宅房屋建筑 土石方工程 主体结构施工 房屋拆除 施工总承包",
    "E4813": "市政道路工程 桥梁施工 路面养护 排水管道铺设 交通设施安装",
    "E4910": "电气安装 机电设备安装 线路敷设 消防设施安装 弱电工程",
    "E5012": "住宅装饰装修 室内设计施工 水电改造 墙面粉刷 地板铺装",
    "F5111": "谷物批发 豆薯批发 粮食购销 杂粮销售 农副产品批发",
    "F5131": "纺织品批发 针织品批发 面料销售 棉纱销售 家纺批发",
    "F5165": "建材批发 水泥销售 钢材销售 陶瓷砖批发 五金建材销售",
    "F5179": "机械设备批发 电子产品批发 仪器销售 通用设备销售 机电配件销售",
    "F5211": "百货零售 日用品销售 化妆品零售 鞋帽零售 文具零售",
    "F5212": "超市经营 食品零售 生鲜零售 预包装食品销售 烟草制品零售",
    "F5261": "汽车新车零售 汽车销售 二手车经销 车辆上牌代办 新能源车销售",
    "F5273": "计算机零售 软件及辅助设备销售 办公设备零售 网络设备销售 数码产品零售",
    "F5292": "互联网零售 网上贸易代理 直播带货 电商平台经营 网店销售",
    "G5431": "普通货物道路运输 货物专用运输 城市配送 大件运输 整车运输",
    "G5920": "通用仓储 货物装卸 库房租赁 冷链仓储 分拣包装",
    "H6110": "旅游饭店住宿 客房服务 会议接待 宴会承办 住宿服务",
    "H6210": "正餐服务 中餐制售 酒席承办 热食类食品制售 餐厅经营",
    "H6220": "快餐服务 外卖送餐 小吃制售 饮品制售 盒饭配送",
    "I6513": "应用软件开发 软件销售 移动应用研发 程序设计 软件测试",
    "I6531": "信息系统集成 网络工程 安防系统建设 系统运行维护 机房建设",
    "I6550": "数据处理 数据存储服务 云平台服务 数据标注 数据中心运营",
    "J6890": "保险代理 保险经纪 理赔咨询 保险公估 车险代办",
    "K7010": "房地产开发 商品房销售 土地整理 楼盘建设 房屋预售",
    "K7020": "物业管理 小区保洁 停车场管理 绿化养护 设施维护",
    "K7030": "房地产中介 房屋租赁代理 二手房买卖代理 房产评估 房源信息",
    "L7111": "汽车租赁 车辆长租 代驾服务 客车租赁 自驾租车",
    "L7212": "投资管理 资产管理 股权投资 创业投资 基金管理",
    "L7263": "劳务派遣 人力资源外包 用工管理 派遣员工培训 代发工资",
    "L7299": "企业管理咨询 会议展览服务 商务代理 市场营销策划 翻译服务",
    "M7320": "工程技术研究 新产品试验 材料研究 工艺研发 样机试制",
    "M7484": "工程设计 建筑设计 结构设计 施工图审查 勘察测绘",
    "M7519": "技术推广 技术转让 科技成果转化 新技术示范 科技中介",
    "N7820": "环境卫生管理 垃圾清运 道路清扫 公厕管理 垃圾分类",
    "O8010": "家庭服务 月嫂服务 保姆服务 居家养老 钟点工",
    "O8040": "理发服务 美容服务 美甲 皮肤护理 造型设计",
    "O8111": "汽车修理 车辆保养 钣金喷漆 轮胎更换 汽车美容",
    "P8310": "学前教育 幼儿保育 幼儿园办学 亲子活动 托育服务",
    "P8391": "职业技能培训 考证辅导 技工培训 电工培训 创业培训",
    "Q8411": "综合医院诊疗 住院服务 外科手术 急诊服务 健康体检",
    "Q8425": "门诊诊疗 口腔诊疗 中医门诊 内科门诊 康复理疗",
    "R8810": "文艺创作 演出策划 剧本创作 舞蹈编排 音乐制作",
    "R8930": "健身服务 游泳馆经营 体育培训 球馆经营 瑜伽服务",
    "S9521": "行业交流 会员服务 行业标准宣传 专业评审 行业调研",
    "L7231": "律师服务 法律咨询 诉讼代理 法律顾问 合同审查",
    "L7241": "会计服务 审计服务 税务代理 验资 清产核资",
    "P8321": "小学教育 义务教育办学 课后服务 教学研究 校园管理",
    "Q8431": "疾病预防 疫苗接种 卫生监测 健康教育 流行病调查",
}
"""Activities by industry class."""

GENERAL = tuple(
    [
        "货物进出口",
        "技术进出口",
        "技术服务、技术咨询",
        "会议服务",
        "房屋租赁",
        "广告发布",
        "信息咨询服务",
        "互联网销售（除需许可的商品）",
        "自有资金投资",
        "企业管理",
        "劳务服务",
        "日用百货销售",
    ]
)
"""Activities that firms of all trades have entered."""

_EACH = 5
_OWN = [phrase for trade in TRADES for phrase in PHRASES[trade.code].split()]
_SIDE_SHARE, _SIDE_FIRST, _GENERAL_FIRST = 0.35, 0.4, 0.15


def write_scopes(seed: int, index: Ints, trade: Ints) -> pl.Series:
    """The business scope of each firm: one to three activities of its trade, and others."""
    number = 1 + whole(seed, "scope/number", index, 3)
    start = whole(seed, "scope/start", index, _EACH)
    own = [
        _optional(_OWN, trade * _EACH + (start + place) % _EACH, number > place)
        for place in range(3)
    ]
    side = whole(seed, "scope/side", index, len(_OWN))
    has_side = happens(seed, "scope/has side", index, _SIDE_SHARE)
    general = whole(seed, "scope/general", index, len(GENERAL))
    has_general = happens(seed, "scope/has general", index, 0.7)
    first = happens(seed, "scope/general first", index, _GENERAL_FIRST)
    side_first = happens(seed, "scope/side first", index, _SIDE_FIRST)
    columns = [
        _optional(GENERAL, general, has_general & first),
        _optional(_OWN, side, has_side & side_first),
        *own,
        _optional(_OWN, side, has_side & ~side_first),
        _optional(GENERAL, general, has_general & ~first),
    ]
    frame = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    joined = pl.concat_str(pl.all(), separator="；", ignore_nulls=True)
    return frame.select(pl.concat_str(pl.lit("示范经营范围："), joined)).to_series()


def _optional(texts: Sequence[str], places: Ints, wanted: Flags) -> pl.Series:
    """The texts at these places, null where they are not wanted."""
    column = codes(texts, places)
    return column.scatter(np.flatnonzero(~wanted), None)
