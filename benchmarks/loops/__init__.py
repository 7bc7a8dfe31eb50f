"""Training loops as people write them today: the same networks, images, batches, loss and optimizer in each.

A loop is made of images and their classes, and called to train for an epoch: shuffled batches, cross-entropy, Adam.
"""
