"""Tradewind: machine-learning models as one service across many clusters."""
