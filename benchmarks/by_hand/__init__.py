"""Networks as a careful user of PyTorch writes them by hand, each beside the spec that says the same.

They know nothing of cnndsl. The modules that it writes are measured against them, in results and in speed.
"""

from torch import nn

from by_hand.densenet121 import DenseNet121
from by_hand.googlenet import GoogLeNet
from by_hand.inceptionv3 import InceptionV3
from by_hand.mobilenetv2 import MobileNetV2
from by_hand.resnet50 import ResNet50
from by_hand.seresnet50 import SEResNet50
from by_hand.shufflenetv2 import ShuffleNetV2
from by_hand.unet import UNet

__all__ = ["NETWORKS"]

NETWORKS: dict[str, type[nn.Module]] = {
    "resnet50": ResNet50,
    "densenet121": DenseNet121,
    "inceptionv3": InceptionV3,
    "seresnet50": SEResNet50,
    "shufflenetv2": ShuffleNetV2,
    "mobilenetv2": MobileNetV2,
    "googlenet": GoogLeNet,
    "unet": UNet,
}
"""By the name of the spec. They are made without arguments.

Their parameters are registered in the order in which the spec names its layers.
"""
