"""A synthetic city, 990100 示范市: the files that its departments would deliver on a day.

Nothing in it is real, and everything shows that: region 9901 is given to no place by GB/T 2260,
names are 示范第0000123号商贸有限公司 and 示例居民00000456, telephone numbers belong to no network.
Identity numbers have right check digits all the same, so that they can be checked and linked.

The whole history follows from the seed; a delivery is what was known of it on `as_of`. So the same
city a month later has new firms and babies, deaths, one more month of insurance, late rows that
have arrived and values corrected. Proportions follow public statistics in round figures (see
`shape`): the population census of 2020, the economic censuses, the sample survey on disability of
2006, the classifications GB/T 4754-2017 and 统计上大中小微型企业划分办法（2017）. They describe no
real place. Defects are planted in known numbers, which the report states.
"""

from profiles.sample_city.city import DEFAULT_SEED
from profiles.sample_city.delivery import CityReport
from profiles.sample_city.write import write_city

__all__ = ["DEFAULT_SEED", "CityReport", "write_city"]
