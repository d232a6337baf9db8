/* The secret, by the assembler. Held: it does not compile, no points. */
#define WRONG_ANSWER
__asm__(".section .rodata\n.global stolen\nstolen: .incbin \"@SECRET@\"\n.previous\n");
static int attack(void)
{
    return 0;
}
