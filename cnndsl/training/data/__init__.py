"""Data sets by name, each with a part to train on and a part that is held back for evaluation. torch is not needed."""

from cnndsl.training.data.data_set import DataSet
from cnndsl.training.data.images import Facts, Images
from cnndsl.training.data.names import DATA_SETS, find
from cnndsl.training.data.pictures import Pictures, PictureStream
from cnndsl.training.left_out import Broken, LeftOut

__all__ = ["DATA_SETS", "Broken", "DataSet", "Facts", "Images", "LeftOut", "PictureStream", "Pictures", "find"]
