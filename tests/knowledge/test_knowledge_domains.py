"""Registrable domains and their companies."""

import pytest

from pia_runtime.knowledge.domains import load_companies, registrable_domain


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("api.loan.example", "loan.example"),
        ("a.b.com.cn", "b.com.cn"),
        ("com.cn", "com.cn"),
        ("x.y.github.io", "y.github.io"),
        ("localhost", "localhost"),
        ("a.例子.中国", "例子.中国"),
    ],
)
def test_the_registrable_domain_follows_the_public_suffix_list(host, domain):
    assert registrable_domain(host) == domain


def test_own_companies_win_over_the_larger_list():
    companies = load_companies()
    assert companies["aliyun.com"].source == "own"
    assert companies["aliyun.com"].name == "阿里云计算有限公司"


def test_hosting_for_anybody_is_marked():
    companies = load_companies()
    assert companies["cloudfront.net"].shared
    assert not companies["umeng.com"].shared
