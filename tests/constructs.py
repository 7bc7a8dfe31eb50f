"""Small specs, each with a construct of the language that a module of torch has to follow."""

from __future__ import annotations

__all__ = ["CONSTRUCTS"]

CONSTRUCTS: dict[str, str] = {
    "input alone": "INPUT(3x8x8)",
    "several outputs": """
        INPUT(3x8x8) -> CONV(4) -> GAP
        INPUT(8) -> FC(3)""",
    "one-dimensional": """
        f(c) = CONV(c, 5, 2) -> BN -> RELU -> POOL
        INPUT(4x64) -> f(8) -> f(16) -> GAP -> FC(3)""",
    "three-dimensional": """
        f(c) = CONV(c) -> BN -> RELU -> POOL(1x2x2)
        INPUT(1x4x8x8) -> f(4) -> f(6) -> FC(3)""",
    "uneven padding": """
        INPUT(3x8x8) -> CONV(4, 2, padding=same) -> CONV(4, 3, 2, padding=same_upper) -> POOL(2, 1, padding=same)""",
    "norms with half their weights": """
        f(a, b) = CONV(4) -> BN(scale=a, shift=b)
        INPUT(4x6x6) -> f(true, false) -> f(false, true)""",
    "ranges that differ": """
        half(c) = [CHANNELS(0, c//2), CHANNELS(c//2, C) -> CONV(C)]
        INPUT(8x6x6) -> half(4) -> half(6)""",
    "crops": """
        f(n) = [CROP(n), CONV(4, padding=valid)]
        INPUT(3x9x9) -> f(7) -> f(5)""",
    "gates": """
        f(r) = [ID & GAP -> FC(C//r) -> RELU -> FC(8) -> SIGMOID]
        INPUT(8x6x6) -> f(2) -> f(4) -> [CONV(1) & ID]""",
    "differences": "INPUT(4x6x6) -> [CONV(4) - [ID - RELU] - CONV(4) + ID]",
    "sums of sums": """
        f = [CONV(4) + [ID + CONV(4)]]
        INPUT(4x6x6) -> [f + [f & ID] + ID]""",
    "many terms": "INPUT(4x6x6) -> [CONV(4, k) + for k in (1, 2, 3, 4, 5, 6, 7, 8, 9)]",
    "many branches": "INPUT(4x6x6) -> [CONV(k+1, 1), for k in range(20)]",
    "the same twice": "INPUT(4x6x6) -> [ID + ID] -> [ID, ID, ID]",
    "dense": """
        f(k, n) = [ID, BN -> RELU -> CONV(k)]*n
        INPUT(4x6x6) -> f(2, 3) -> f(3, 2) -> f(2, 4)""",
    "recursion": """
        f(c, n) = CONV(c) -> [g(c, n) if n > 0 else ID]
        g(c, n) = [ID, POOL -> f(2*c, n-1) -> DECONV(c)] -> CONV(c)
        INPUT(3x16x16) -> f(4, 2)""",
    "networks as arguments": """
        f(a) = a -> a
        g(act) = CONV(4) -> act
        INPUT(3x8x8) -> f(CONV(4)) -> g(RELU) -> g(SILU) -> f(f(CONV(C+1)))""",
    "activations that differ": """
        f(s) = LEAKYRELU(s) -> ELU(s) -> PRELU(slope=s) -> SOFTPLUS(s) -> DROPOUT(s/10)
        INPUT(4x3x3) -> f(0.1) -> f(1.0) -> f(2)""",
    "sizes that differ": """
        f(k) = CONV(4, k) -> POOL(k, 1, padding=same)
        INPUT(3x8x8) -> f(3) -> f(1x3) -> f(3x5)""",
    "names with a digit at the end": """
        f2(c) = CONV(c) -> RELU6
        INPUT(3x8x8) -> f2(4)*3 -> f2(5) -> f2(6)""",
    "names of Python": """
        lambda(None, class) = CONV(class) -> BN
        self(super, nn=1) = CONV(super, nn) -> RELU
        INPUT(3x4x4) -> lambda(1, 4) -> lambda(1, 5) -> self(4) -> self(5, 3) -> self(6, 3)""",
    "names of torch": """
        Tensor(training, forward) = CONV(training) -> lambda(forward)
        lambda(type) = [CHANNELS(0, type), CONV(type)] -> CONV(type)
        NamedTuple = Tensor(4, 3)
        INPUT(3x4x4) -> Tensor(4, 2) -> Tensor(5, 3) -> NamedTuple""",
    "underscores": """
        _(__x) = CONV(__x) -> RELU
        __a(__) = [_(__) + CONV(__)]
        INPUT(3x4x4) -> __a(3) -> __a(4) -> _(5)""",
    "parameters like classes": """
        f(F, G) = CONV(F) -> g(G)
        g(F) = CONV(F) -> RELU
        INPUT(3x4x4) -> f(3, 4) -> f(4, 5) -> g(6)""",
    "random numbers": """
        f = DROPOUT -> CONV(C) -> DROPOUT
        INPUT(4x6x6) -> [f -> f -> f + DROPOUT] -> [DROPOUT & f -> f -> f] -> [f, f -> f, DROPOUT] -> [f - f]""",
    "loops": """
        f(c, n) = g(c)*n
        g(c) = CONV(c) -> BN
        INPUT(4x4x4) -> f(4, 1) -> f(4, 5) -> CONV(8) -> f(8, 4) -> g(8)*3""",
    "two names that are one class name": """
        se_b(c) = CONV(c)
        seB(c) = CONV(c) -> RELU
        Se_b = BN
        INPUT(4x4x4) -> se_b(3) -> seB(4) -> Se_b""",
    "modules that torch lacks": """
        scale(c, v) = CONV(c) -> LN(scale=false) -> SCALE(v) -> FILTER(gauss) -> BIAS(per=element)
        dropPath(c) = [DROPPATH(c/10) -> NOISE(0.1) + ID]
        Bias = LN(scale=false, shift=false) -> SCALE(per=one)
        INPUT(3x6x6) -> scale(4, 0.1) -> dropPath(C) -> scale(6, 2) -> dropPath(C) -> Bias -> FC(1) -> BIAS(3)""",
    "constant factors": """
        f(v) = [CONV(C) -> SCALE(v, train=false) + ID]
        INPUT(4x6x6) -> f(0.17) -> f(-2) -> SCALE(0.5, train=false)""",
    "initial values": """
        f(c, a) = CONV(c, init=normal(0.01), bias_init=constant(1)) -> DWCONV(init=lecun) -> CONV(c, 1, bias_init=zeros)
        g(c) = [DECONV(c, init=he) , DECONV(c, init=xavier, bias_init=uniform(0.5))]
        h(v) = CONV(C, 1, bias_init=constant(v))
        INPUT(3x6x6) -> f(4, 1) -> f(6, 1)*3 -> g(2) -> h(0) -> h(1) -> FC(3, init=xavier, bias_init=normal(1))""",
    "functions with settings": """
        f(e, m) = L2NORM(e) -> CHANNELPOOL(2, m) -> PAD(1, (1, 0), zero) -> UPSAMPLE(2, bilinear, align=true)
        INPUT(8x4x4) -> f(1e-6, max) -> CONV(4) -> f(1e-3, avg) -> PERMUTE(HWC) -> RESHAPE(7x8x42) -> RESIZE(5)""",
    "statistics that are kept": """
        f(r) = INSTANCENORM(scale=true, running=r) -> INSTANCENORM(shift=true)
        INPUT(4x5x5) -> f(true) -> f(false) -> GN(2, scale=false)""",
    "values that are read far away": """
        f(early) = [CONV(4) -> RELU]*3 -> [ID, early -> CONV(2, 1)] -> CONV(4)
        INPUT(4x8x8) as image -> CONV(4) as a -> RELU -> CONV(4, 3, 2) as b
          -> [CONV(4) -> BN -> RELU]*3 -> UPSAMPLE(2) -> f(a) -> [ID & image -> CONV(4)] -> CONV(4, 3, 2)
          -> [ID + b, a -> POOL]""",
    "several inputs": """
        INPUT(3x8x8) as image -> CONV(4) -> [ID, INPUT(2x8x8) as depth -> CONV(4)] -> GAP as seen
        [seen, INPUT(5) as told -> FC(3)] -> FC(2)""",
    "several inputs and outputs": """
        INPUT(2x8x8) as left -> CONV(4) as a
        INPUT(2x8x8) as right -> CONV(4) as b
        [a & b] -> CONV(1, 1) as map
        [a, b] -> GAP -> FC(3) as scores
        a""",
    "a block that is shared": """
        shared head(n) = [CONV(4) -> RELU]*2 -> CONV(n)
        INPUT(3x8x8) -> CONV(4) as p3 -> POOL as p4 -> POOL as p5
        p3 -> head(5)
        p4 -> head(5)
        p5 -> head(5)""",
    "a block that is shared but for what is no weight": """
        shared f(s, n=1) = CONV(4, 3, s) -> BN -> [CONV(4) -> RELU]*n
        g(s) = f(s) -> RELU
        INPUT(4x8x8) -> f(1) -> g(2) -> f(1, 2) -> g(1)""",
    "a network that is shared as argument": """
        attend(shared mlp) = [ID & [GAP -> mlp + GMP -> mlp] -> SIGMOID]
        INPUT(8x6x6) -> attend(FC(4) -> RELU -> FC(8)) -> attend(FC(2) -> RELU -> FC(8))""",
    "places of maxima": """
        f(c) = CONV(c) -> POOL(3, 2) as p -> CONV(c) -> UNPOOL(p) -> CONV(C)
        INPUT(3x9x9) -> f(4) -> f(6) -> POOL(1x3) as q -> POOL as r -> CONV(6) -> UNPOOL(r) -> UNPOOL(q)""",
    "places of maxima in one and three dimensions": """
        INPUT(2x9) -> POOL(3) as p -> CONV(2) -> UNPOOL(p)
        INPUT(2x4x6x6) -> POOL as q -> CONV(2) -> UNPOOL(q)""",
    "uneven padding in one and three dimensions": """
        INPUT(3x9) -> CONV(4, 2, padding=same) -> CONV(4, 4, 2, padding=same_upper) -> CONV(4, 3, padding=causal)
        INPUT(2x5x7x7) -> CONV(3, 2, padding=same) -> DWCONV(3, 2, padding=same_upper) -> POOL(2, 1, padding=same)""",
    "filters that nothing changes": """
        smooth(k) = FILTER(k) -> CONV(C, 1)
        INPUT(3x8x8) -> [FILTER(sobelx), FILTER(sobely)] -> smooth(gauss)*2 -> smooth(box)""",
    "paths that are dropped": """
        block(c, p) = [CONV(c) -> BN -> RELU -> CONV(c) -> DROPPATH(p) + ID]
        INPUT(4x6x6) -> block(4, 0.1) -> block(4, 0.5)*2 -> GAP -> FC(3)""",
    "recursion over values": """
        exchange(n, a, b) = [a, b] if n == 0 else exchange(n-1, [a -> CONV(4) + b], [a + b -> CONV(4)])
        INPUT(3x8x8) as x
        exchange(3, x -> CONV(4), x -> CONV(4))""",
    "recursion that doubles": """
        tree(n, c) = [tree(n-1, c), tree(n-1, c)] if n > 0 else [CONV(c, 1) -> RELU]
        INPUT(3x4x4) -> tree(2, 2) -> tree(1, 3)""",
}
