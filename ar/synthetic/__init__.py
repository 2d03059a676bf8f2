"""Camera pictures of marker bodies with exactly known truth: what tests, the demo and the benchmark track."""

from ar.synthetic.look import Look
from ar.synthetic.motion import Exposure
from ar.synthetic.render import look_at_board, make_video, render_board_frame, render_bodies

__all__ = ["Exposure", "Look", "look_at_board", "make_video", "render_board_frame", "render_bodies"]
