"""Hundreds of thousands of calls through one daemon's parts: does anything grow?"""
