# What only the tensor assignment has.

.PHONY: tensor-pictures
tensor-pictures: ## draw the pictures of the tensor assignment's chapter
	@assignments/tensor/tools/draw_pictures
