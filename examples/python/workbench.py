"""Has no callbacks: borrower.py brings the functions that run here. Section 2.9."""

from address import address

from daffi import Global

if __name__ == "__main__":
    g = Global(process_name="workbench", init_controller=True, **address())
    print("free")
    g.join()
